import {
  type AnyCancellation,
  type Cancellable,
  type CancellationError,
  CancelScope,
  detectBackend,
  ParentCancellation,
} from "@hother/cancelable";
import { Cause, Context, Effect, Exit, Option } from "effect";
import {
  invalidType,
  operationOf,
  requireFunction,
  requireKnownOptions,
  requireOperation,
  requireOperationOrFunction,
} from "../arguments.ts";
import { EffectBackend, effectBackend, enterFiber, settled } from "./backend.ts";
import { type AnyFiber, CancelledBy, interruption } from "./fiber.ts";
import { withAmbientScopes } from "./layer.ts";

export interface FromCancellableOptions<E> {
  /** Converts a rejection of the body to a typed failure, unless it is a cancellation. Default: it is a defect. */
  readonly catch?: ((error: unknown) => E) | undefined;
}

/**
 * Returns an effect that runs `body` in `op`. Interrupting the fiber of the effect cancels `op` with reason `parent`.
 * The interruption waits for the clean-up of the body, even if the fiber is interrupted again. An error of the
 * clean-up is a defect, in addition to the interruption. A cancellation of `op` itself is a typed failure.
 *
 * The body may return an effect. This effect runs with the services of the fiber, and its failures stay typed.
 *
 * An operation runs once. For an effect that is evaluated several times, for example by `Effect.retry`, pass a function
 * that creates the operation.
 *
 * @example
 * ```ts
 * import { Cancellable, sleep } from "@hother/cancelable";
 * import { fromCancellable } from "@hother/cancelable-backends/effect";
 * import { Effect } from "effect";
 *
 * const program = fromCancellable(Cancellable.withTimeout(10), () => sleep({ hours: 1 })).pipe(
 *   Effect.catch((error) => Effect.succeed(error.reason)),
 * );
 * console.assert((await Effect.runPromise(program)) === "timeout");
 * ```
 */
export function fromCancellable<A, E, R>(
  op: Cancellable | (() => Cancellable),
  body: (op: Cancellable) => Effect.Effect<A, E, R>,
): Effect.Effect<A, AnyCancellation | E, R>;
export function fromCancellable<A>(
  op: Cancellable | (() => Cancellable),
  body: (op: Cancellable) => A | PromiseLike<A>,
): Effect.Effect<A, AnyCancellation>;
export function fromCancellable<A, E = never, R = never, C = never>(
  op: Cancellable | (() => Cancellable),
  body: (op: Cancellable) => A | PromiseLike<A> | Effect.Effect<A, E, R>,
  options?: FromCancellableOptions<C>,
): Effect.Effect<A, AnyCancellation | E | C, R>;
export function fromCancellable<A, E = never, R = never, C = never>(
  op: Cancellable | (() => Cancellable),
  body: (op: Cancellable) => A | PromiseLike<A> | Effect.Effect<A, E, R>,
  options?: FromCancellableOptions<C>,
): Effect.Effect<A, AnyCancellation | E | C, R> {
  requireOperationOrFunction(op, "op");
  requireFunction(body, "body");
  requireKnownOptions(options, ["catch"], "fromCancellable");
  return Effect.withFiber((fiber) => {
    const operation = operationOf(op);
    let work: Promise<A> | undefined;
    /** The full cause of a failure of the effect that the body returned. */
    let inner: { readonly error: unknown; readonly cause: Cause.Cause<E> } | undefined;
    const start = (): Promise<A> =>
      operation.run((self) => {
        const result = body(self);
        if (!Effect.isEffect(result)) return result;
        // The cast is safe: the effect runs in a child of this fiber, which has the services `R`.
        return within(self, result as Effect.Effect<A, E>, fiber, (error, cause) => {
          inner = { error, cause };
        });
      });
    const waiting = Effect.callback<A, AnyCancellation | E | C>((resume) => {
      work = enterFiber(fiber, start);
      work.then(
        (value) => resume(Effect.succeed(value)),
        // Suspended, so that an error in `options.catch` becomes a defect.
        (error: unknown) =>
          resume(
            Effect.suspend(() =>
              failure<AnyCancellation | C>(error, () => {
                if (operation.isCancelled && error === operation.error)
                  return Effect.fail(error as AnyCancellation);
                return options?.catch === undefined ? Effect.die(error) : Effect.fail(options.catch(error));
              }),
            ),
          ),
      );
    });
    /** The failure of the effect that the body returned, with its full cause. For another rejection: `other(error)`. */
    const failure = <X>(
      error: unknown,
      other: (error: unknown) => Effect.Effect<never, X>,
    ): Effect.Effect<never, E | X> => {
      if (inner === undefined || error !== inner.error) return other(error);
      return Effect.failCause(operation.isCancelled ? withoutInterrupts(inner.cause) : inner.cause);
    };
    return Effect.onExit(waiting, (exit) => {
      if (work === undefined || Exit.isSuccess(exit) || !Cause.hasInterrupts(exit.cause)) return Effect.void;
      operation.cancel("parent", interruption(fiber, exit.cause));
      return settled(work, operation.token, (error) => failure(error, Effect.die));
    });
  });
}

/** The other failures in a cause. The interruption is omitted, because the cancellation already represents it. */
function withoutInterrupts<E>(cause: Cause.Cause<E>): Cause.Cause<E> {
  if (Cause.hasInterruptsOnly(cause)) return cause;
  return Cause.fromReasons(cause.reasons.filter((reason) => !Cause.isInterruptReason(reason)));
}

/**
 * Runs an effect as a promise. With `op`, the effect runs in this operation, which is started if it is not running.
 * Without `op`, the effect runs in the ambient scope. A cancellation interrupts the effect and waits for its
 * finalizers; the `Cause` of the effect contains the cancellation (see {@link cancellationOf}).
 *
 * The promise rejects with a typed failure or a defect as it is, with the cancellation if a cancellation ended the
 * effect, and with a `ParentCancellation` if the effect was interrupted in another way.
 *
 * @example
 * ```ts
 * import { moveOnAfter } from "@hother/cancelable";
 * import { toCancellable } from "@hother/cancelable-backends/effect";
 * import { Effect } from "effect";
 *
 * const released: string[] = [];
 * const effect = Effect.ensuring(Effect.never, Effect.sync(() => released.push("connection")));
 * await moveOnAfter(10, () => toCancellable(effect));
 * console.assert(released.length === 1);
 * ```
 */
export function toCancellable<A, E>(effect: Effect.Effect<A, E>, op?: Cancellable): Promise<A> {
  if (!Effect.isEffect(effect)) throw invalidType("effect", "an Effect", effect);
  if (op === undefined) return within(undefined, effect);
  requireOperation(op, "op");
  return op.isRunning ? within(op, effect) : op.run((self) => within(self, effect));
}

/** The cancellation because of which a fiber was interrupted, from the `Cause` of the fiber. */
export function cancellationOf(cause: Cause.Cause<unknown>): CancellationError | undefined {
  return Option.getOrUndefined(
    Context.getOption(Cause.annotations(cause) as Context.Context<CancellationError>, CancelledBy),
  );
}

/**
 * Runs an effect in a new scope.
 *
 * @param parent The operation above the scope. Default: the ambient scope.
 * @param around The fiber whose child runs the effect. Default: the fiber of the scope.
 * @param failed Is called with the rejection and its full cause, unless the scope was cancelled.
 */
function within<A, E>(
  parent: Cancellable | undefined,
  effect: Effect.Effect<A, E>,
  around?: AnyFiber,
  failed?: (error: unknown, cause: Cause.Cause<E>) => void,
): Promise<A> {
  // The scope itself is never cancelled, so it does not resolve with `undefined`.
  return new CancelScope(parent === undefined ? undefined : { parent }).run(
    (scope) =>
      new Promise<A>((resolve, reject) => {
        const ambient = detectBackend();
        const backend = ambient instanceof EffectBackend ? ambient : effectBackend;
        // Each fiber has its own scope. So when Effect interrupts the loser of a race, its library code is cancelled.
        const fiber = backend.forkIn(scope, withAmbientScopes(effect), around);
        fiber.addObserver((exit) => {
          if (Exit.isSuccess(exit)) {
            resolve(exit.value);
            return;
          }
          const error = errorOf(exit.cause, fiber as AnyFiber, scope);
          // A cancellation of the scope needs no further cause.
          if (error !== scope.error) failed?.(error, exit.cause);
          reject(error);
        });
      }),
  ) as Promise<A>;
}

/** The rejection for an effect that ended with `cause`. */
function errorOf(cause: Cause.Cause<unknown>, fiber: AnyFiber, scope: CancelScope): unknown {
  if (!Cause.hasInterruptsOnly(cause)) return Cause.squash(cause);
  return scope.error ?? new ParentCancellation(interruption(fiber, cause));
}
