import { isThenable } from "../arguments.ts";
import { report } from "../reporter.ts";
import type { OperationContext } from "./context.ts";
import type { Progress } from "./progress.ts";

/** What each kind of callback is called with. */
export interface CallbackArguments {
  start: [context: OperationContext];
  progress: [id: string, progress: Progress, metadata: Record<string, unknown> | undefined];
  complete: [context: OperationContext];
  cancel: [context: OperationContext];
  error: [context: OperationContext, error: unknown];
}

export type CallbackKind = keyof CallbackArguments;
export type Callback<K extends CallbackKind> = (...args: CallbackArguments[K]) => unknown;

/** An operation's callbacks, in order of registration. One that throws stops nobody, and is reported. */
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

  /** Calls them without waiting. */
  emit<K extends CallbackKind>(kind: K, ...args: CallbackArguments[K]): void {
    for (const callback of this.#of(kind)) void call(kind, callback, args);
  }

  /** Calls them one after another, each waited for; nothing to wait for if none of them returns a promise. */
  emitAndWait<K extends CallbackKind>(kind: K, ...args: CallbackArguments[K]): Promise<void> | undefined {
    const callbacks = this.#of(kind);
    for (const [index, callback] of callbacks.entries()) {
      const waiting = call(kind, callback, args);
      if (waiting !== undefined) return emitRest(kind, callbacks.slice(index + 1), args, waiting);
    }
    return undefined;
  }

  /** A copy: a callback may add another one, which is for the next time. */
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

/** Calls one; what it throws, now or later, is reported. A promise of its end, if it has one. */
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
