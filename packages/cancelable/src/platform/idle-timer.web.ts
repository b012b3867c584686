// Stored when the module is loaded: fake timers must not hold up messages of other threads.
const { setTimeout } = globalThis;

/** Calls `fn` once after `ms`. No timer keeps a page alive. */
export function afterIdle(ms: number, fn: () => void): void {
  setTimeout(fn, ms);
}
