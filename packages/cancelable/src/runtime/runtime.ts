/**
 * What a scope requires of an async runtime: a clock, timers on this clock, and turns of the event loop. Everything
 * else (the tree, deadlines, reasons) is the same on every runtime.
 */
export interface Runtime {
  readonly name: string;
  /** Monotonic milliseconds on the runtime's own clock. */
  now(): number;
  /** The wall clock that belongs to {@link now}, in epoch milliseconds. */
  epoch(): number;
  /** A random number from 0 up to, and without, 1. */
  random(): number;
  /**
   * Identifies the timers. A different value than before means that the timers were replaced, for example by fake
   * timers, and that the clock has changed with them. Omitted by runtimes with only one set of timers.
   */
  readonly timers?: unknown;
  /** Whether timers are counted, as fake timers and virtual time do. An unused timer is then removed immediately. */
  readonly exactTimers?: boolean;
  /** Whether time passes without the program's doing. Default: unless timers are counted. */
  readonly passesByItself?: boolean;
  /** Whether each deadline and sleep gets a timer of its own, as fake timers expect. Default: all share one timer. */
  readonly ownTimers?: boolean;
  /**
   * Calls `fire` once, not before `at` on the runtime's own clock. At Infinity it is never called. Disposing removes
   * the timer. Until then the timer keeps the process alive. Called outside every async context, because one timer
   * serves many scopes.
   */
  setTimer(at: number, fire: () => void): Disposable;
  /** Runs `fn` in a later turn of the event loop. Returns a function that cancels this. */
  turn(fn: () => void): () => void;
}
