import { report } from "../reporter.ts";
import { isThenable } from "../usage.ts";
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
    for (const result of this.#call(kind, args)) void result;
  }

  /** Calls them one after another, each waited for. */
  async emitAndWait<K extends CallbackKind>(kind: K, ...args: CallbackArguments[K]): Promise<void> {
    for (const result of this.#call(kind, args)) await result;
  }

  *#call<K extends CallbackKind>(
    kind: K,
    args: CallbackArguments[K],
  ): Generator<PromiseLike<unknown> | undefined> {
    const failed = (error: unknown): void =>
      report(error, `an on${kind[0]?.toUpperCase()}${kind.slice(1)} callback`);
    for (const callback of [...((this.#lists[kind] as Callback<K>[] | undefined) ?? [])]) {
      let waiting: Promise<unknown> | undefined;
      try {
        const result = callback(...args);
        if (isThenable(result)) waiting = Promise.resolve(result).then(undefined, failed);
      } catch (error) {
        failed(error);
      }
      yield waiting;
    }
  }
}
