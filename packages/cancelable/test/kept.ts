const handles: object[] = [];

/**
 * Keeps a handle of a queue that its test leaves open. The garbage collection of an open handle is reported, and would
 * fail whichever test runs at that moment.
 */
export function kept<T extends object>(handle: T): T {
  handles.push(handle);
  return handle;
}
