import { isThenable } from "../arguments.ts";
import { report } from "../reporter.ts";
import type { OperationContext } from "./context.ts";
import type { Progress } from "./progress.ts";

/** Where a progress report comes from. */
export interface ProgressReport {
  /** The context of the operation that reported: this operation, or one below. */
  readonly context: OperationContext;
  /** The second argument of `reportProgress`. */
  readonly metadata: Record<string, unknown> | undefined;
}

/** The arguments of each kind of callback. */
export interface CallbackArguments {
  start: [context: OperationContext];
  progress: [progress: Progress, report: ProgressReport];
  complete: [context: OperationContext];
  cancel: [context: OperationContext];
  error: [context: OperationContext, error: unknown];
}

export type CallbackKind = keyof CallbackArguments;
export type Callback<K extends CallbackKind> = (...args: CallbackArguments[K]) => unknown;

/**
 * The callbacks of an operation, in order of registration. If one throws, its error goes to the reporter and the
 * others still run.
 */
export class Callbacks {
  readonly #lists: { [K in CallbackKind]?: Callback<K>[] } = {};

  add<K extends CallbackKind>(kind: K, callback: Callback<K>): void {
    const lists = this.#lists as Record<K, Callback<K>[] | undefined>;
    lists[kind] ??= [];
    lists[kind].push(callback);
  }

  addAll(others: Callbacks): void {
    for (const kind of ["start", "progress", "complete", "cancel", "error"] as const) {
      for (const callback of others.#lists[kind] ?? []) this.add(kind, callback as Callback<typeof kind>);
    }
  }

  has(kind: CallbackKind): boolean {
    return this.#lists[kind] !== undefined;
  }

  /** Calls the callbacks of one kind, and does not wait for them. */
  emit<K extends CallbackKind>(kind: K, ...args: CallbackArguments[K]): void {
    for (const callback of this.#of(kind)) void call(kind, callback, args);
  }

  /**
   * Calls the callbacks of one kind one after another, and waits for each. Returns undefined if none returns a
   * promise.
   */
  emitAndWait<K extends CallbackKind>(kind: K, ...args: CallbackArguments[K]): Promise<void> | undefined {
    const callbacks = this.#of(kind);
    for (const [index, callback] of callbacks.entries()) {
      const waiting = call(kind, callback, args);
      if (waiting !== undefined) return emitRest(kind, callbacks.slice(index + 1), args, waiting);
    }
    return undefined;
  }

  /** A copy of the list, because a callback can add another callback. That one is called the next time. */
  #of<K extends CallbackKind>(kind: K): Callback<K>[] {
    return [...((this.#lists[kind] as Callback<K>[] | undefined) ?? [])];
  }
}

async function emitRest<K extends CallbackKind>(
  kind: K,
  callbacks: readonly Callback<K>[],
  args: CallbackArguments[K],
  first: Promise<unknown>,
): Promise<void> {
  await first;
  for (const callback of callbacks) await call(kind, callback, args);
}

/**
 * Calls one callback. Its error, thrown or rejected, goes to the reporter. Returns a promise if the callback does.
 */
function call<K extends CallbackKind>(
  kind: K,
  callback: Callback<K>,
  args: CallbackArguments[K],
): Promise<unknown> | undefined {
  const failed = (error: unknown): void =>
    report(error, `an on${kind[0]?.toUpperCase()}${kind.slice(1)} callback`);
  try {
    const result = callback(...args);
    return isThenable(result) ? Promise.resolve(result).then(undefined, failed) : undefined;
  } catch (error) {
    failed(error);
    return undefined;
  }
}
