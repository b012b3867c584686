import { report } from "@hother/cancelable";

/** Calls a callback that is only told of something. Its error, thrown or rejected, goes to the reporter. */
export function tell<T>(callback: ((value: T) => unknown) | undefined, value: T, name: string): void {
  if (callback === undefined) return;
  const failed = (error: unknown): void => report(error, `an ${name} callback`);
  try {
    const result = callback(value);
    if (result instanceof Promise) result.then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}
