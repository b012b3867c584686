/**
 * The backend for Effect. Importing this module registers the backend: `run(main, { backend: "effect" })` uses it, and
 * library code inside fibers uses it without further setup.
 *
 * @throws UsageError `ERR_UNKNOWN_BACKEND` on import, if the installed version of Effect is not supported.
 * @module
 */
import { registerBackend } from "@hother/cancelable";
import { effectBackend } from "./backend.ts";
import { requireInternals } from "./internals.ts";

requireInternals();
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
