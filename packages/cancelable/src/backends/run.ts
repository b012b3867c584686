import { requireFunction } from "../arguments.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { ambientNode } from "../scope/ambient.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import { rootOf } from "../scope/root.ts";
import { parentNode, type ScopeOptions, scopeOptions } from "../scope/scope-options.ts";
import type { AsyncBackend } from "./backend.ts";
import { getBackend, requireBackend } from "./detect.ts";
import { markRun } from "./run-variable.ts";

export interface RunOptions extends ScopeOptions {
  /** The backend or its name. Default: the result of {@link detectBackend}. */
  readonly backend?: AsyncBackend | string | undefined;
}

const known: KnownOptions<RunOptions> = { ...scopeOptions, backend: 1 };

/**
 * Runs `main` in a new scope on a backend. When the promise settles, everything that was started in the scope has
 * ended. Inside another scope, on the same or another backend, cancelling the outer scope cancels the new scope.
 *
 * @example
 * ```ts
 * import { run, sleep } from "@hother/cancelable";
 *
 * const answer = await run(async () => {
 *   await sleep(5);
 *   return 42;
 * });
 * console.assert(answer === 42);
 * ```
 */
export async function run<T>(
  main: (scope: CancelScope) => T | PromiseLike<T>,
  options?: RunOptions,
): Promise<T> {
  requireFunction(main, "main");
  requireKnownOptions(options, known, "run");
  const given = options?.backend;
  const backend = given === undefined || typeof given === "string" ? getBackend(given) : given;
  requireBackend(backend, "options.backend");
  const scope = new CancelScope(options, backend.clock);
  markRun(scope.node);
  const above = parentNode(options, ambientNode);
  // Below the parent, also if it uses another clock. Outside every scope: below the root of the backend.
  scope.node.attach(above === rootOf(above.clock) ? rootOf(backend.clock) : above);
  return backend.start(scope, main);
}
