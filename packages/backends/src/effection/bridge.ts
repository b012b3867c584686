import { type Cancellable, CancelScope } from "@hother/cancelable";
import { ensure, type Operation, type Scope, scoped, until, useScope } from "effection";
import { operationOf, requireFunction, requireOperation, requireOperationOrFunction } from "../arguments.ts";
import { effectionBackend } from "./backend.ts";

export { CancelledBy } from "./backend.ts";

/** Whether a value is an operation, by the rule of Effection's `call`: collections are values. */
const isOperation = (value: unknown): value is Operation<unknown> =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as Iterable<unknown>)[Symbol.iterator] === "function" &&
  typeof (value as PromiseLike<unknown>).then !== "function" &&
  !(Array.isArray(value) || value instanceof Map || value instanceof Set || ArrayBuffer.isView(value));

/**
 * Returns an Effection operation that runs `body` in `op`. Halting the operation cancels `op` with reason `parent` and
 * waits for the clean-up of the body, even if it is halted again. An error of the clean-up is thrown by the halt. A
 * cancellation of `op` itself is thrown. The body may return an Effection operation, which runs in this scope.
 *
 * A `Cancellable` runs once. For an Effection operation that is evaluated several times, pass a function that creates
 * the `Cancellable`.
 *
 * @example
 * ```ts
 * import { Cancellable, CancellationError, sleep } from "@hother/cancelable";
 * import { fromCancellable } from "@hother/cancelable-backends/effection";
 * import { run } from "effection";
 *
 * const reason = await run(function* () {
 *   try {
 *     yield* fromCancellable(Cancellable.withTimeout(10), () => sleep({ hours: 1 }));
 *   } catch (error) {
 *     return error instanceof CancellationError ? error.reason : "failed";
 *   }
 * });
 * console.assert(reason === "timeout");
 * ```
 */
export function fromCancellable<T>(
  op: Cancellable | (() => Cancellable),
  body: (op: Cancellable) => Operation<T>,
): Operation<T>;
export function fromCancellable<T>(
  op: Cancellable | (() => Cancellable),
  body: (op: Cancellable) => T | PromiseLike<T>,
): Operation<T>;
export function fromCancellable<T>(
  op: Cancellable | (() => Cancellable),
  body: (op: Cancellable) => T | PromiseLike<T> | Operation<T>,
): Operation<T> {
  requireOperationOrFunction(op, "op");
  requireFunction(body, "body");
  return scoped(function* underOperation() {
    const own = operationOf(op);
    const scope = yield* useScope();
    let work: Promise<T> | undefined;
    /** Whether `work` has ended this Effection operation. Otherwise the operation was halted. */
    let settled = false;
    yield* ensure(function* () {
      if (settled || work === undefined) return;
      try {
        yield* until(work);
      } catch (error) {
        if (!own.isCancelled || error !== own.error) throw error;
      }
    });
    try {
      work = effectionBackend.enter(scope, () =>
        own.run((self) => {
          const result = body(self);
          return isOperation(result) ? within(self, () => result as Operation<T>, scope) : (result as T);
        }),
      );
      const value = yield* until(work);
      settled = true;
      return value;
    } catch (error) {
      settled = true;
      throw error;
    } finally {
      // Cancels before the end of the scope would cancel with another message. The wait is in `ensure`, because a
      // second halt would end a wait here.
      if (!settled) own.cancel("parent", "its Effection task was halted");
    }
  });
}

/**
 * Runs an Effection operation as a promise. With `op`, it runs in this operation, which is started if it is not
 * running. Without `op`, it runs in the ambient scope. A cancellation halts the Effection operation and waits for its
 * clean-up; during the clean-up, the context {@link CancelledBy} contains the cancellation.
 *
 * The promise rejects with the error of the Effection operation, with the cancellation if a cancellation ended it, and
 * with a `ParentCancellation` if it was halted in another way.
 *
 * @example
 * ```ts
 * import { moveOnAfter } from "@hother/cancelable";
 * import { toCancellable } from "@hother/cancelable-backends/effection";
 * import { ensure, suspend } from "effection";
 *
 * const released: string[] = [];
 * await moveOnAfter(10, () =>
 *   toCancellable(function* () {
 *     yield* ensure(() => void released.push("connection"));
 *     yield* suspend();
 *   }),
 * );
 * console.assert(released.length === 1);
 * ```
 */
export function toCancellable<T>(operation: () => Operation<T>, op?: Cancellable): Promise<T> {
  requireFunction(operation, "operation");
  if (op === undefined) return within(undefined, operation);
  requireOperation(op, "op");
  return op.isRunning ? within(op, operation) : op.run((self) => within(self, operation));
}

/**
 * Runs an Effection operation in a new scope.
 *
 * @param parent The operation above the scope. Default: the ambient scope.
 * @param around The Effection scope in which the operation runs. Default: the Effection scope of the scope.
 */
function within<T>(
  parent: Cancellable | undefined,
  operation: () => Operation<T>,
  around?: Scope,
): Promise<T> {
  // The scope itself is never cancelled, so it does not resolve with `undefined`.
  return new CancelScope(parent === undefined ? undefined : { parent }).run((scope) =>
    effectionBackend.runIn(scope, operation, around),
  ) as Promise<T>;
}
