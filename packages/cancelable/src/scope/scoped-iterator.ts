/*
 * A region of the tree that an iterator owns: a scope and a task group, with a generator for a body.
 *
 *  I1  The first `next()` opens the scope, below the ambient scope or the parent in the options. Nothing is started
 *      before. An iterator that is left before is only discarded.
 *  I2  Calls are answered in their order, as by a generator. The generator runs in the scope, and its caller does not.
 *  I3  `return()`, `throw()` and dispose cancel the scope at once, also while a `next()` waits. No call that ends the
 *      iterator settles before the generator and all tasks have ended.
 *  I4  A failure of the generator or of a task is thrown by the call that meets it, and then the iterator is at its end.
 *      The cancellation of the scope is thrown by `next()`, and not by a call that leaves.
 *  I5  An iterator that no call waits for ends with the scope above: when the body of that scope has ended, and nothing
 *      but such iterators is open below it.
 */

import { captureContext } from "#platform/ambient";
import { cancellationOf } from "../cancellation-of.ts";
import { report } from "../reporter.ts";
import { enter } from "./ambient.ts";
import type { OwnedRegion, ScopeNode } from "./scope-node.ts";
import { explicitParent, parentNode, type ScopeOptions } from "./scope-options.ts";
import { TaskGroup } from "./task-group.ts";

type Result<T> = IteratorResult<T, undefined>;
type Generator<T> = AsyncGenerator<T, undefined, undefined>;

const done = { done: true, value: undefined } as const;
const source = "an iterator that was left";

/** The functions that are called at the end of a {@link ScopedIterator}. */
export interface RegionHooks {
  /** The iterator ends before its body has begun. */
  readonly discard?: () => unknown;
  /** The generator and all tasks have ended. Must not throw. */
  readonly ended?: () => void;
}

export class ScopedIterator<T> implements AsyncGenerator<T, undefined, undefined>, OwnedRegion {
  readonly #options: ScopeOptions | undefined;
  readonly #body: (group: TaskGroup) => Generator<T>;
  readonly #hooks: RegionHooks;
  readonly #group: TaskGroup;
  #state: "new" | "open" | "ended" = "new";
  #generator: Generator<T> | undefined;
  #inScope: (<R>(fn: () => R) => R) | undefined;
  /** The calls that have not been answered. */
  #calls = 0;
  /** Whether the consumer, or the end of the scope above, has ended the iterator. */
  #isLeft = false;
  #isAbandoned = false;
  #ending: Promise<void> | undefined;
  /** The error for the call that meets the end first. */
  #failure: { readonly error: unknown } | undefined;

  /**
   * @param options The checked options of the scope.
   * @param body Runs in the scope, from the first `next()` on. It waits in the scope of the group. On hosts without an ambient
   * scope, it passes this scope to each wait.
   */
  constructor(
    options: ScopeOptions | undefined,
    body: (group: TaskGroup) => Generator<T>,
    hooks: RegionHooks = {},
  ) {
    if (options?.parent != null) explicitParent(options.parent);
    this.#options = options;
    this.#body = body;
    this.#hooks = hooks;
    this.#group = new TaskGroup(false, options);
  }

  /** Whether the iterator is open, and no call waits (I5). */
  get isIdle(): boolean {
    return this.#calls === 0 && this.#state === "open";
  }

  next(): Promise<Result<T>> {
    this.begin();
    // The scope above has ended before the consumer had everything.
    if (this.#isAbandoned) return Promise.reject(this.#group.scope.error);
    return this.#call((generator) => generator.next());
  }

  async return(value?: undefined | PromiseLike<undefined>): Promise<IteratorReturnResult<undefined>> {
    if (this.#state === "new") await this.#discard();
    else await this.#leave("manual", "the consumer stopped reading");
    return { done: true, value: await value };
  }

  /** Leaves, as `return()` does, and rejects with `error`. */
  async throw(error: unknown): Promise<never> {
    try {
      await this.return();
    } catch (failure) {
      report(failure, source);
    }
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The scope above has ended (I5). */
  abandon(): void {
    this.#isAbandoned = true;
    this.#leave("parent", "the scope of the iterator has ended").then(undefined, (error: unknown) =>
      report(error, source),
    );
  }

  /** Opens the scope (I1). The next `next()` throws an error of this. */
  begin(): void {
    if (this.#state !== "new") return;
    const { scope } = this.#group;
    const { node } = scope;
    try {
      scope.open(parentNode(this.#options));
      node.check();
      this.#generator = enter(node, this.#body, this.#group);
      this.#inScope = enter(node, captureContext, undefined);
      this.#state = "open";
      this.#parent.addRegion(this);
    } catch (error) {
      node.close();
      this.#failure = { error };
      void this.#discard();
    }
  }

  get #parent(): ScopeNode {
    return this.#group.scope.node.parent as ScopeNode; // an open node has a parent
  }

  /** The iterator ends before its body has begun: because the consumer left, or with the error of the opening. */
  #discard(): Promise<void> {
    this.#state = "ended";
    this.#ending = (async () => {
      try {
        await this.#hooks.discard?.();
      } catch (failure) {
        if (this.#failure === undefined) throw failure;
        report(failure, source);
      }
    })();
    return this.#ending;
  }

  #leave(reason: "manual" | "parent", message: string): Promise<Result<T>> {
    if (this.#state === "ended") {
      // No read has met this error of the opening.
      const failure = this.#failure;
      this.#failure = undefined;
      if (failure !== undefined && cancellationOf(failure.error) === undefined) report(failure.error, source);
    } else {
      this.#isLeft = true;
      this.#group.cancel(reason, message);
    }
    return this.#call((generator) => generator.return(undefined));
  }

  #call(call: (generator: Generator<T>) => Promise<Result<T>>): Promise<Result<T>> {
    this.#calls++;
    const generator = this.#generator;
    if (generator === undefined) return this.#end(undefined);
    return (this.#inScope as <R>(fn: () => R) => R)(() => call(generator)).then(
      (result) => (result.done ? this.#end(undefined) : this.#answer(result)),
      (error: unknown) => this.#end({ error }),
    );
  }

  #answer(result: Result<T>): Result<T> {
    this.#calls--;
    if (this.#calls === 0) this.#parent.leaveIdle();
    return result;
  }

  async #end(failed: { readonly error: unknown } | undefined): Promise<Result<T>> {
    this.#ending ??= this.#finish(failed);
    try {
      await this.#ending;
    } catch {
      // The caller of `return()` has the error of the discarding.
    }
    this.#calls--;
    const failure = this.#failure;
    if (failure === undefined) return done;
    this.#failure = undefined;
    throw failure.error;
  }

  async #finish(failed: { readonly error: unknown } | undefined): Promise<void> {
    const group = this.#group;
    const { node } = group.scope;
    if (failed !== undefined) group.bodyFailed(failed.error);
    while (node.live > 0) await node.empty();
    this.#hooks.ended?.();
    this.#state = "ended";
    this.#parent.removeRegion(this);
    node.close();
    try {
      group.outcome(undefined);
      // A limit in the options has interrupted the work.
      if (group.scope.cancelledCaught) throw group.scope.error;
    } catch (error) {
      if (!this.#isLeft || group.errors.length > 0) this.#failure = { error };
    }
  }
}
