/*
 * The record of a cancellation in shared memory: the time, the reason and the message, as 32-bit words.
 *
 *   words 0, 1   the time in epoch milliseconds, a 64-bit float
 *   word 2       the length of the reason in bytes; in the upper half the length of the message + 1, or 0 without one
 *   words 3…18   the reason
 *   words 19…    the message, in UTF-8
 */

import type { CancellationReason } from "../errors.ts";

/** The longest reason, in characters. */
export const maxReasonLength = 64;
/** The longest message, in bytes of UTF-8. A longer one is cut at the end of a character. */
export const maxMessageBytes = 512;

const lengthsAt = 2;
const reasonAt = 3;
const messageAt: number = reasonAt + maxReasonLength / 4;
/** The size of a record, in words. */
export const recordWords: number = messageAt + maxMessageBytes / 4;

/** The data of a record. */
export interface CancellationData {
  readonly reason: CancellationReason;
  readonly message: string | undefined;
  /** Epoch milliseconds. */
  readonly at: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

// Private memory: browsers refuse to encode into shared memory and to decode it.
const words = new Int32Array(recordWords);
const bytes = new Uint8Array(words.buffer);
const time = new Float64Array(words.buffer, 0, 1);
const messageBytes: Uint8Array = bytes.subarray(messageAt * 4);

/** `message` as other threads read it: cut to {@link maxMessageBytes}, and without lone surrogates. */
export function fitMessage(message: string): string {
  const { written } = encoder.encodeInto(message, messageBytes);
  return decoder.decode(messageBytes.subarray(0, written));
}

/** Encodes a record. The result is valid until the next call of a function of this module. */
export function encodeRecord({ reason, message, at }: CancellationData): Int32Array {
  time[0] = at;
  const { written } = encoder.encodeInto(reason, bytes.subarray(reasonAt * 4, messageAt * 4));
  const length = message === undefined ? 0 : encoder.encodeInto(message, messageBytes).written;
  words[lengthsAt] = written | (message === undefined ? 0 : (length + 1) << 16);
  return words.subarray(0, messageAt + Math.ceil(length / 4));
}

/**
 * Reads a record of other threads. Another thread can write to the memory meanwhile, so the caller checks afterwards
 * that the record was still in use. Every load is atomic, so none of them happens after this check.
 */
export function decodeRecord(shared: Int32Array, start: number): CancellationData {
  const lengths = Atomics.load(shared, start + lengthsAt);
  const length = (lengths >>> 16) - 1;
  const end = Math.min(messageAt + Math.ceil(Math.max(length, 0) / 4), recordWords);
  for (let i = 0; i < end; i++) words[i] = Atomics.load(shared, start + i);
  const reason = decoder.decode(bytes.subarray(reasonAt * 4, reasonAt * 4 + (lengths & 0xffff)));
  const message = length < 0 ? undefined : decoder.decode(messageBytes.subarray(0, length));
  return { reason, message, at: time[0] as number };
}
