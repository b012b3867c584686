/**
 * This library on Effection: importing this module makes the backend known, so that
 * `run(main, { backend: "effection" })` finds it and library code inside of operations is found by itself.
 *
 * @module
 */
import { registerBackend } from "@hother/cancelable";
import { effectionBackend } from "./backend.ts";
import { inhabitScopes } from "./inhabit.ts";

registerBackend(effectionBackend);
inhabitScopes();

export { type EffectionBackend, effectionBackend } from "./backend.ts";
export { CancelledBy, fromCancellable, toCancellable } from "./bridge.ts";
export { fromAsyncIterable, toAsyncIterable } from "./stream.ts";
