import { isCancellation } from "../is-cancellation.ts";
import type { AmbientScope } from "../scope/ambient-scope.ts";
import { afterTurn } from "../scope/fair-turn.ts";
import type { ScopeOptions } from "../scope/scope-options.ts";
import { ScopedIterator } from "../scope/scoped-iterator.ts";
import type { TaskGroup } from "../scope/task-group.ts";
import { PromiseWaiter } from "../scope/waiting.ts";
import { type Items, Pulling } from "./pulling.ts";

export interface ResultStreamPlan<I, T> {
  readonly items: Items<I | PromiseLike<I>>;
  readonly call: (item: I, index: number, scope: AmbientScope) => T | PromiseLike<T>;
  readonly concurrency: number;
  /** The number of results that may wait for the reader while `concurrency` further calls run. */
  readonly buffer: number;
  /** Whether the results come in the order of the items, or in the order of completion. */
  readonly ordered: boolean;
  readonly undelivered: ((value: unknown) => void) | undefined;
  readonly ofScope: ScopeOptions | undefined;
}

/** The results of the calls, while the calls run. Nothing is pulled or started before the first `next()`. */
export function resultStream<I, T>(plan: ResultStreamPlan<I, T>): ScopedIterator<T> {
  const { items, undelivered } = plan;
  /** The results that stand ready, by their place in the order of delivery. */
  const ready = new Map<number, T>();
  return new ScopedIterator(plan.ofScope, (group) => results(group, plan, ready), {
    discard: () => items.close(),
    ended() {
      for (const place of [...ready.keys()].sort((a, b) => a - b)) undelivered?.(ready.get(place));
    },
  });
}

async function* results<I, T>(
  group: TaskGroup,
  { items, call, concurrency, buffer, ordered }: ResultStreamPlan<I, T>,
  ready: Map<number, T>,
): AsyncGenerator<T, undefined, undefined> {
  const { node } = group.scope;
  let arrived = 0;
  let delivered = 0;
  let isOver = false;
  let sourceFailure: { readonly error: unknown } | undefined;
  let arrival: PromiseWaiter<void> | undefined;
  const limits = { concurrency, ahead: concurrency + buffer };
  const pulling = new Pulling(group, items, limits, call, (value, index) => {
    ready.set(ordered ? index : arrived++, value);
    arrival?.resolve();
  });
  const pull = async (): Promise<void> => {
    try {
      await pulling.run();
    } catch (error) {
      if (isCancellation(error, group.scope)) throw error;
      // The calls for the items before the failure of the source are finished, and their results delivered.
      sourceFailure = { error };
    }
    isOver = true;
    arrival?.resolve();
  };
  group.startSoon(pull);
  for (;;) {
    while (ready.has(delivered)) {
      const value = ready.get(delivered) as T; // this result is in the map
      ready.delete(delivered++);
      pulling.release();
      if (node.clock.isTurnDue()) await afterTurn(node, undefined);
      yield value;
      // A failure of a call comes after the results that stand ready. Another cancellation comes at once.
      if (group.errors.length === 0) node.check();
    }
    if (isOver && delivered === pulling.pulled) break;
    node.check();
    arrival = new PromiseWaiter(node);
    await arrival.promise;
  }
  if (sourceFailure !== undefined) throw sourceFailure.error;
  return undefined;
}
