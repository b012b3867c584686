/**
 * What a scope needs of an async runtime: the clock, timers on that clock, and the start of a task.
 * Everything else (the tree, deadlines, reasons) is the same on every runtime and lives here.
 */
export interface Runtime {
  readonly name: string;
  /** Monotonic milliseconds, on the runtime's own clock. */
  now(): number;
  /** The wall clock that belongs to {@link now}, in epoch milliseconds. */
  epoch(): number;
  /**
   * What the timers are made with: another value than before means another clock (fake timers were
   * installed, or taken away). Left out where there is only one.
   */
  readonly timers?: unknown;
  /** Whether somebody watches the timers, so that none may outlive its use by even a turn. */
  readonly exactTimers?: boolean;
  /**
   * Calls `fire` once, not before `at`, on the runtime's own clock; at Infinity never. Disposing takes the
   * timer away. Until then it keeps the process alive. Called outside of every async context, since one
   * timer serves many.
   */
  setTimer(at: number, fire: () => void): Disposable;
  /** Runs `fn` in a later turn of the event loop; returns what takes that back. */
  turn(fn: () => void): () => void;
}
