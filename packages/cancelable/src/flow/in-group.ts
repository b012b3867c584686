import { requireCount } from "../arguments.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import type { AmbientScope } from "../scope/ambient-scope.ts";
import { type ScopeOptions, scopeOptions } from "../scope/scope-options.ts";
import { type TaskGroup, taskGroup } from "../scope/task-group.ts";
import { type Items, Pulling } from "./pulling.ts";

export interface ConcurrencyOptions extends ScopeOptions {
  /** The most tasks that run at the same time. Default: all. */
  readonly concurrency?: number | undefined;
}

const concurrencyOptions: KnownOptions<ConcurrencyOptions> = { ...scopeOptions, concurrency: 1 };

/** The options of the scope, and the number of tasks at the same time. @param of The function that takes the options. */
export function toConcurrency(
  options: ConcurrencyOptions | undefined,
  of: string,
): { readonly concurrency: number; readonly ofScope: ScopeOptions | undefined } {
  requireKnownOptions(options, concurrencyOptions, of);
  if (options === undefined) return { concurrency: Number.POSITIVE_INFINITY, ofScope: undefined };
  const { concurrency = Number.POSITIVE_INFINITY, ...ofScope } = options;
  requireCount(concurrency, "options.concurrency", 1);
  return { concurrency, ofScope };
}

/**
 * Calls `call` for every item in a task group, in order, at most `concurrency` at the same time, and `completed` with each
 * value. Rejects if a limit in the options has cancelled the group before all calls have ended.
 */
export async function inGroup<I, T>(
  items: Items<I | PromiseLike<I>>,
  { concurrency, ofScope }: ReturnType<typeof toConcurrency>,
  call: (item: I, index: number, scope: AmbientScope) => T | PromiseLike<T>,
  completed: (value: T, index: number) => void,
): Promise<void> {
  const run: { pulling?: Pulling<I, T> } = {};
  await taskGroup((group: TaskGroup) => {
    run.pulling = new Pulling(
      group,
      items,
      { concurrency, ahead: Number.POSITIVE_INFINITY },
      call,
      completed,
    );
    return run.pulling.run();
  }, ofScope);
  const { pulling } = run;
  if (pulling !== undefined && pulling.scope.cancelCalled && !pulling.isComplete) throw pulling.scope.error;
}
