import type { CancellationError } from "@hother/cancelable";
import { Cause, Context, Effect, Exit, type Fiber, type Tracer } from "effect";

export type AnyFiber = Fiber.Fiber<unknown, unknown>;

/** Annotates the `Cause` of a fiber that was interrupted because its scope here was cancelled: with the error. */
export const CancelledBy: Context.Service<CancellationError, CancellationError> = Context.Service(
  "@hother/cancelable/CancelledBy",
);

/** Interrupts a fiber because of a cancellation, which its `Cause` then names. */
export function interruptFor(fiber: AnyFiber, error: CancellationError): void {
  // An annotation asks nothing of the fiber's services.
  fiber.interruptUnsafe(undefined, Context.make(CancelledBy, error) as unknown as Context.Context<never>);
}

/** Starts an effect as a child of a fiber that need not be running now: supervised by it, with its services. */
export function forkChildOf<A, E>(parent: AnyFiber, effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> {
  // An effect made of one primitive can be evaluated on any fiber; tracers do it with this very method.
  const fork = Effect.forkChild(effect, {
    startImmediately: true,
  }) as unknown as Tracer.EffectPrimitive<Exit.Exit<Fiber.Fiber<A, E>>>;
  return Exit.getSuccess(fork["~effect/Effect/evaluate"](parent)).pipe((child) => {
    if (child._tag === "None") throw new Error("a fiber could not be forked");
    return child.value;
  });
}

/** What interrupted a fiber, in words. */
export function interruption(fiber: AnyFiber, cause: Cause.Cause<unknown>): string {
  const by = [...Cause.interruptors(cause)].filter((id) => id !== fiber.id);
  const who = by.length === 0 ? "" : ` by fiber ${by.map((id) => `#${id}`).join(", ")}`;
  return `Effect fiber #${fiber.id} was interrupted${who}`;
}

/** Why a fiber ends, in words, also before it has ended: what interrupted it is no public part of a fiber. */
export function ending(fiber: AnyFiber): string {
  const cause = (fiber as { readonly _interruptedCause?: Cause.Cause<never> })._interruptedCause;
  return cause === undefined ? `Effect fiber #${fiber.id} has ended` : interruption(fiber, cause);
}
