import { Effect, Layer, Tracer } from "effect";
import { taskOf } from "./backend.ts";
import type { AnyFiber } from "./fiber.ts";

/**
 * Puts every fiber that runs with this layer into the ambient scope of its own, so that library code is found
 * in it also where it is called after an `await` of a plain promise and nothing of this library was entered
 * before. Where it is called at once, or inside `fromCancellable`, a task group or an operation, no layer is
 * needed. It hooks in where tracers do, and keeps the tracer that is there.
 *
 * @example
 * ```ts
 * import { detectBackend } from "@hother/cancelable";
 * import { layer } from "@hother/cancelable-backends/effect";
 * import { Effect } from "effect";
 *
 * const program = Effect.promise(async () => {
 *   await fetch("data:,hello");
 *   return detectBackend().name;
 * });
 * console.assert((await Effect.runPromise(Effect.provide(program, layer))) === "effect");
 * ```
 */
export const layer: Layer.Layer<never> = Layer.effect(Tracer.Tracer, Effect.map(Effect.tracer, entering));

/** Runs an effect, and the fibers that it starts, as with {@link layer}. */
export function inhabited<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
  return Effect.flatMap(Effect.tracer, (tracer) =>
    Effect.provideService(effect, Tracer.Tracer, entering(tracer)),
  );
}

const made = new WeakSet<Tracer.Tracer>();

/** A tracer as `tracer` is, that enters the place of a fiber for each of its steps. */
function entering(tracer: Tracer.Tracer): Tracer.Tracer {
  if (made.has(tracer)) return tracer;
  const evaluate = <X>(primitive: Tracer.EffectPrimitive<X>, fiber: AnyFiber): X =>
    tracer.context === undefined
      ? primitive["~effect/Effect/evaluate"](fiber)
      : tracer.context(primitive, fiber);
  const own = Tracer.make({
    span: (options) => tracer.span(options),
    context: (primitive, fiber) => taskOf(fiber).enter(() => evaluate(primitive, fiber), undefined),
  });
  made.add(own);
  return own;
}
