/**
 * This library on Effect: importing this module makes the backend known, so that `run(main, { backend: "effect" })`
 * finds it and library code inside of fibers is found by itself.
 *
 * @module
 */
import { registerBackend } from "@hother/cancelable";
import { effectBackend } from "./backend.ts";

registerBackend(effectBackend);

export { type EffectBackend, effectBackend } from "./backend.ts";
export {
  cancellationOf,
  type FromCancellableOptions,
  fromCancellable,
  toCancellable,
} from "./bridge.ts";
export { CancelledBy } from "./fiber.ts";
export { layer } from "./layer.ts";
export { fromAsyncIterable, toAsyncIterable } from "./stream.ts";
