import {
  type Cancellable,
  type CancellationError,
  CancelScope,
  detectBackend,
  ParentCancellation,
} from "@hother/cancelable";
import { Cause, Context, Effect, Exit, Option } from "effect";
import { invalid, requireFunction, requireOperation } from "../arguments.ts";
import { EffectBackend, effectBackend, enterFiber, settled } from "./backend.ts";
import { type AnyFiber, CancelledBy, interruption } from "./fiber.ts";
import { inhabited } from "./layer.ts";

export interface FromCancellableOptions<E> {
  /** What a rejection of the body that is no cancellation becomes in the error channel. Default: a defect. */
  readonly catch?: (error: unknown) => E;
}

/**
 * An effect that runs `body` under `op`. Interrupting its fiber cancels `op`, with reason `parent`, and
 * waits until the body has cleaned up, also when interrupted again; an error of the clean-up is a defect
 * beside the interruption. A cancellation of `op` itself is a typed failure.
 *
 * The body may return an effect, which runs with this fiber's services, and whose failures stay typed.
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
  op: Cancellable,
  body: (op: Cancellable) => Effect.Effect<A, E, R>,
): Effect.Effect<A, CancellationError | E, R>;
export function fromCancellable<A>(
  op: Cancellable,
  body: (op: Cancellable) => A | PromiseLike<A>,
): Effect.Effect<A, CancellationError>;
export function fromCancellable<A, E = never, R = never, C = never>(
  op: Cancellable,
  body: (op: Cancellable) => A | PromiseLike<A> | Effect.Effect<A, E, R>,
  options?: FromCancellableOptions<C>,
): Effect.Effect<A, CancellationError | E | C, R>;
export function fromCancellable<A, E = never, R = never, C = never>(
  op: Cancellable,
  body: (op: Cancellable) => A | PromiseLike<A> | Effect.Effect<A, E, R>,
  options?: FromCancellableOptions<C>,
): Effect.Effect<A, CancellationError | E | C, R> {
  requireOperation(op, "op");
  requireFunction(body, "body");
  return Effect.withFiber((fiber) => {
    let work: Promise<A> | undefined;
    /** Why the effect that the body returned failed, whole. */
    let inner: { readonly error: unknown; readonly cause: Cause.Cause<E> } | undefined;
    const start = (): Promise<A> =>
      op.run((self) => {
        const result = body(self);
        if (!Effect.isEffect(result)) return result;
        // Its services are those of this fiber, whose child it is.
        return within(self, result as Effect.Effect<A, E>, fiber, (error, cause) => {
          inner = { error, cause };
        });
      });
    const waiting = Effect.callback<A, CancellationError | E | C>((resume) => {
      work = enterFiber(fiber, start);
      work.then(
        (value) => resume(Effect.succeed(value)),
        // Suspended: a `catch` that throws is a defect.
        (error: unknown) =>
          resume(
            Effect.suspend(() =>
              failure<CancellationError | C>(error, () => {
                if (error === op.token.error) return Effect.fail(error as CancellationError);
                return options?.catch === undefined ? Effect.die(error) : Effect.fail(options.catch(error));
              }),
            ),
          ),
      );
    });
    /** What became of the effect that the body returned, whole; else what `other` makes of the rejection. */
    const failure = <X>(
      error: unknown,
      other: (error: unknown) => Effect.Effect<never, X>,
    ): Effect.Effect<never, E | X> => {
      if (inner === undefined || error !== inner.error) return other(error);
      return Effect.failCause(op.isCancelled ? besidesInterrupts(inner.cause) : inner.cause);
    };
    return Effect.onExit(waiting, (exit) => {
      if (work === undefined || Exit.isSuccess(exit) || !Cause.hasInterrupts(exit.cause)) return Effect.void;
      op.cancel("parent", interruption(fiber, exit.cause));
      return settled(work, op.token, (error) => failure(error, Effect.die));
    });
  });
}

/** What came of an effect besides the interruption, which is the cancellation's and told by that. */
function besidesInterrupts<E>(cause: Cause.Cause<E>): Cause.Cause<E> {
  if (Cause.hasInterruptsOnly(cause)) return cause;
  return Cause.fromReasons(cause.reasons.filter((reason) => !Cause.isInterruptReason(reason)));
}

/**
 * Runs an effect as a promise under `op`, which is run for it unless it is running; without one, in the
 * ambient scope. Cancelling interrupts the effect, with the cancellation in its `Cause` (see
 * {@link cancellationOf}), and waits for its finalizers. Rejects with a typed failure or a defect itself; with
 * the cancellation when that is why the effect ended; with a `ParentCancellation` when somebody else interrupted it.
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
  if (!Effect.isEffect(effect)) throw invalid("effect", "an Effect", effect);
  if (op === undefined) return within(undefined, effect);
  requireOperation(op, "op");
  return op.isRunning ? within(op, effect) : op.run((self) => within(self, effect));
}

/** The cancellation of this library that a fiber was interrupted for. */
export function cancellationOf(cause: Cause.Cause<unknown>): CancellationError | undefined {
  return Option.getOrUndefined(
    Context.getOption(Cause.annotations(cause) as Context.Context<CancellationError>, CancelledBy),
  );
}

/** Runs an effect in a scope of its own below `parent`, in a child of the fiber `around`. */
function within<A, E>(
  parent: Cancellable | undefined,
  effect: Effect.Effect<A, E>,
  around?: AnyFiber,
  failed?: (error: unknown, cause: Cause.Cause<E>) => void,
): Promise<A> {
  // Nobody can cancel this scope itself: what it resolves with is the body's value.
  return new CancelScope(parent === undefined ? undefined : { parent }).run(
    (scope) =>
      new Promise<A>((resolve, reject) => {
        const ambient = detectBackend();
        const backend = ambient instanceof EffectBackend ? ambient : effectBackend;
        // Each fiber that it starts has a place of its own: a loser of a race is interrupted, its library code with it.
        const fiber = backend.forkIn(scope, inhabited(effect), around);
        fiber.addObserver((exit) => {
          if (Exit.isSuccess(exit)) {
            resolve(exit.value);
            return;
          }
          const error = errorOf(exit.cause, fiber as AnyFiber, scope);
          // The scope's cancellation says it all, also what interrupted the effect.
          if (error !== scope.error) failed?.(error, exit.cause);
          reject(error);
        });
      }),
  ) as Promise<A>;
}

/** What a promise rejects with for an effect that ended with `cause`. */
function errorOf(cause: Cause.Cause<unknown>, fiber: AnyFiber, scope: CancelScope): unknown {
  if (!Cause.hasInterruptsOnly(cause)) return Cause.squash(cause);
  return scope.error ?? new ParentCancellation(interruption(fiber, cause));
}
