import { requireFunction, requireOptions } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import { rootOf } from "../scope/root.ts";
import type { AsyncBackend } from "./backend.ts";
import { getBackend, requireBackend } from "./detect.ts";
import { markRun } from "./run-variable.ts";

export interface RunOptions {
  /** The backend, or its name. Default: the one that is detected. */
  readonly backend?: AsyncBackend | string;
}

/**
 * Runs `main` in a scope of its own on a backend: everything started in it has ended when this settles. Inside
 * of another scope, on whatever backend, cancelling that one cancels it.
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
  requireOptions(options);
  const given = options?.backend;
  const backend = given === undefined || typeof given === "string" ? getBackend(given) : given;
  requireBackend(backend, "options.backend");
  const scope = new CancelScope(undefined, backend.clock);
  markRun(scope.node);
  const above = currentNode();
  // Outside of everything, the backend's own root; else what is above here ends it too, on whatever clock.
  scope.node.attach(above === rootOf(above.clock) ? rootOf(backend.clock) : above);
  return backend.start(scope, main);
}
