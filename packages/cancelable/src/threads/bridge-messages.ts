/*
 * The messages between a bridge and the threads that call it.
 */

import type { EncodedError } from "./thread-error.ts";

/** From the thread that calls. */
export type ToBridge =
  | {
      readonly kind: "call";
      readonly name: string;
      readonly payload: unknown;
      /** The thread waits for an answer with this number. */
      readonly id: number | undefined;
    }
  /** The thread does not want the answer any more. */
  | { readonly kind: "cancel"; readonly id: number }
  /** A call that the gate has taken could not be sent and will not come. A stop must not wait for it. */
  | { readonly kind: "withdrawn" };

/** The answer to a call. */
export type ToCaller =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: EncodedError };

/** The functions of a bridge, by name. They get the payload of the call. */
// `never`: a function with any parameter is one.
export type BridgeHandlers = Readonly<Record<string, (payload: never) => unknown>>;

/** The payload of a handler. */
export type PayloadOf<H extends BridgeHandlers, N extends keyof H> = Parameters<H[N]>[0];

/** The result of a handler. */
export type ResultOf<H extends BridgeHandlers, N extends keyof H> = Awaited<ReturnType<H[N]>>;
