import type { CancellationError } from "@hother/cancelable";
import { Cause, Context, Effect, Exit, type Fiber, type Tracer } from "effect";

export type AnyFiber = Fiber.Fiber<unknown, unknown>;

/** The annotation with the cancellation error, in the `Cause` of a fiber that was interrupted by a cancellation. */
export const CancelledBy: Context.Service<CancellationError, CancellationError> = Context.Service(
  "@hother/cancelable/CancelledBy",
);

/** Interrupts a fiber because of a cancellation. The `Cause` of the fiber contains the error. */
export function interruptFor(fiber: AnyFiber, error: CancellationError): void {
  // The cast is safe: an annotation requires no services of the fiber.
  fiber.interruptUnsafe(undefined, Context.make(CancelledBy, error) as unknown as Context.Context<never>);
}

/** Starts an effect as a child of a fiber, with the fiber's services. The fiber need not be running at the moment. */
export function forkChildOf<A, E>(parent: AnyFiber, effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> {
  // `forkChild` is one primitive. A primitive can be evaluated on any fiber; tracers call the same method.
  const fork = Effect.forkChild(effect, {
    startImmediately: true,
  }) as unknown as Tracer.EffectPrimitive<Exit.Exit<Fiber.Fiber<A, E>>>;
  return Exit.getSuccess(fork["~effect/Effect/evaluate"](parent)).pipe((child) => {
    if (child._tag === "None") throw new Error("Effect could not fork a child fiber");
    return child.value;
  });
}

/** A message that says which fibers interrupted `fiber`. */
export function interruption(fiber: AnyFiber, cause: Cause.Cause<unknown>): string {
  const by = [...Cause.interruptors(cause)].filter((id) => id !== fiber.id);
  const byFibers = by.length === 0 ? "" : ` by fiber ${by.map((id) => `#${id}`).join(", ")}`;
  return `Effect fiber #${fiber.id} was interrupted${byFibers}`;
}

/** A message that says why a fiber ends. The fiber need not have ended yet, so its exit may not be available. */
export function ending(fiber: AnyFiber): string {
  const cause = (fiber as { readonly _interruptedCause?: Cause.Cause<never> })._interruptedCause;
  return cause === undefined ? `Effect fiber #${fiber.id} has ended` : interruption(fiber, cause);
}
