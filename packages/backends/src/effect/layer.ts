import { Effect, Layer, Tracer } from "effect";
import { taskOf } from "./backend.ts";
import type { AnyFiber } from "./fiber.ts";

/**
 * Gives every fiber that runs with this layer an ambient scope. The layer is needed in one case: library code is called
 * after an `await` of a plain promise, and no scope of this library was entered before the `await`. Library code that
 * is called before the `await`, or inside `fromCancellable`, a task group or an operation, needs no layer. The layer
 * wraps the current tracer, because a tracer is called for each step of a fiber.
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

/** Runs an effect and the fibers that it starts with {@link layer}. */
export function withAmbientScopes<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
  return Effect.flatMap(Effect.tracer, (tracer) =>
    Effect.provideService(effect, Tracer.Tracer, entering(tracer)),
  );
}

/** The results of {@link entering}, so that no tracer is wrapped twice. */
const wrapped = new WeakSet<Tracer.Tracer>();

/** Wraps a tracer, so that the scope of a fiber is the ambient scope in each step of the fiber. */
function entering(tracer: Tracer.Tracer): Tracer.Tracer {
  if (wrapped.has(tracer)) return tracer;
  const evaluate = <X>(primitive: Tracer.EffectPrimitive<X>, fiber: AnyFiber): X =>
    tracer.context === undefined
      ? primitive["~effect/Effect/evaluate"](fiber)
      : tracer.context(primitive, fiber);
  const wrapper = Tracer.make({
    span: (options) => tracer.span(options),
    context: (primitive, fiber) => taskOf(fiber).enter(() => evaluate(primitive, fiber), undefined),
  });
  wrapped.add(wrapper);
  return wrapper;
}
