import { type Cancellable, CancelScope } from "@hother/cancelable";
import { ensure, type Operation, type Scope, scoped, until, useScope } from "effection";
import { requireFunction, requireOperation } from "../arguments.ts";
import { effectionBackend } from "./backend.ts";

export { CancelledBy } from "./backend.ts";

/** As Effection's `call` decides it: collections are values. */
const isOperation = (value: unknown): value is Operation<unknown> =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as Iterable<unknown>)[Symbol.iterator] === "function" &&
  typeof (value as PromiseLike<unknown>).then !== "function" &&
  !(Array.isArray(value) || value instanceof Map || value instanceof Set || ArrayBuffer.isView(value));

/**
 * An operation that runs `body` under `op`. Halting it cancels `op`, with reason `parent`, and waits until
 * the body has cleaned up, also when halted again; an error of the clean-up comes out of the halt. A
 * cancellation of `op` itself is thrown. The body may return an operation, which runs in this scope.
 *
 * @example
 * ```ts
 * import { Cancellable, sleep } from "@hother/cancelable";
 * import { fromCancellable } from "@hother/cancelable-backends/effection";
 * import { run } from "effection";
 *
 * const reason = await run(function* () {
 *   try {
 *     yield* fromCancellable(Cancellable.withTimeout(10), () => sleep({ hours: 1 }));
 *   } catch (error) {
 *     return error.reason;
 *   }
 * });
 * console.assert(reason === "timeout");
 * ```
 */
export function fromCancellable<T>(op: Cancellable, body: (op: Cancellable) => Operation<T>): Operation<T>;
export function fromCancellable<T>(
  op: Cancellable,
  body: (op: Cancellable) => T | PromiseLike<T>,
): Operation<T>;
export function fromCancellable<T>(
  op: Cancellable,
  body: (op: Cancellable) => T | PromiseLike<T> | Operation<T>,
): Operation<T> {
  requireOperation(op, "op");
  requireFunction(body, "body");
  return scoped(function* underOperation() {
    const scope = yield* useScope();
    let work: Promise<T> | undefined;
    /** Whether this operation has ended with what became of the work: else it was halted. */
    let told = false;
    yield* ensure(function* () {
      if (told || work === undefined) return;
      try {
        yield* until(work);
      } catch (error) {
        if (error !== op.token.error) throw error;
      }
    });
    try {
      work = effectionBackend.enter(scope, () =>
        op.run((self) => {
          const result = body(self);
          return isOperation(result) ? within(self, () => result as Operation<T>, scope) : (result as T);
        }),
      );
      const value = yield* until(work);
      told = true;
      return value;
    } catch (error) {
      told = true;
      throw error;
    } finally {
      // Before the end of the scope does it, which knows less. Waiting is left to that: here, it could be cut short.
      if (!told) op.cancel("parent", "its Effection task was halted");
    }
  });
}

/**
 * Runs an operation as a promise under `op`, which is run for it unless it is running; without one, in the
 * ambient scope. Cancelling halts the operation, and waits for its clean-up, with the error in the context
 * {@link CancelledBy}. Rejects with the operation's error, with the cancellation when that is why it ended, and
 * with a `ParentCancellation` when somebody else halted it.
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

/** Runs an operation in a scope of its own below `parent`, and below the Effection scope `around`. */
function within<T>(
  parent: Cancellable | undefined,
  operation: () => Operation<T>,
  around?: Scope,
): Promise<T> {
  // Nobody can cancel this scope itself: what it resolves with is the operation's value.
  return new CancelScope(parent === undefined ? undefined : { parent }).run((scope) =>
    effectionBackend.runIn(scope, operation, around),
  ) as Promise<T>;
}
