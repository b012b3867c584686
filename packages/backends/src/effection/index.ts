/**
 * The backend for Effection. Importing this module registers the backend: `run(main, { backend: "effection" })` uses
 * it, and library code inside Effection operations uses it without further setup.
 *
 * @throws UsageError `ERR_UNKNOWN_BACKEND` on import, if the installed version of Effection is not supported.
 * @module
 */
import { registerBackend } from "@hother/cancelable";
import { effectionBackend } from "./backend.ts";
import { enterScopes } from "./enter-scopes.ts";

enterScopes();
registerBackend(effectionBackend);

export { type EffectionBackend, effectionBackend } from "./backend.ts";
export { CancelledBy, fromCancellable, toCancellable } from "./bridge.ts";
export { fromAsyncIterable, toAsyncIterable } from "./stream.ts";
