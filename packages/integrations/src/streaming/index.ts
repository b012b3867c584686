import { type NodeResponse, send } from "./send.ts";
import { Source } from "./source.ts";
import { SourceStream } from "./source-stream.ts";
import { type SseEvent, type SseOptions, SseText } from "./sse-text.ts";

export type { NodeResponse } from "./send.ts";
export type { SseEvent, SseOptions } from "./sse-text.ts";

/**
 * An answer whose body is streamed from a source, for hosts that take a `Response`. The source runs in the operation of the request,
 * and only when the client takes what is there. When the client leaves or the request is cancelled, `return` of the source is called.
 * When the source fails, the answer is broken off.
 *
 * @param source Text or bytes.
 * @throws TypeError if `source` is no AsyncIterable.
 *
 * @example
 * ```ts
 * import { sleep } from "@hother/cancelable";
 * import { streamResponse } from "@hother/cancelable-integrations/streaming";
 *
 * async function* rows() {
 *   for (let row = 1; row <= 3; row++) {
 *     yield `row ${row}\n`;
 *     await sleep(1);
 *   }
 * }
 * const response = streamResponse(rows(), { headers: { "content-type": "text/plain" } });
 * console.assert((await response.text()) === "row 1\nrow 2\nrow 3\n");
 * ```
 */
export function streamResponse(source: AsyncIterable<string | Uint8Array>, init?: ResponseInit): Response {
  return new Response(bodyOf(new Source(source, "source")), init);
}

/**
 * Streams a source as the answer of a host on Node: `node:http`, Express, `reply.raw` of Fastify, `ctx.res` of Koa. Set the status and
 * the headers before. The source is treated as by {@link streamResponse}.
 *
 * @param source Text or bytes.
 * @returns a promise that is fulfilled when the answer was written to its end, and also when the client has left or the request was
 * cancelled. It rejects with the error of the source, after the answer was broken off.
 * @throws TypeError if `source` is no AsyncIterable.
 *
 * @example
 * ```ts
 * import { requestListener } from "@hother/cancelable-integrations/node-http";
 * import { sendStream } from "@hother/cancelable-integrations/streaming";
 *
 * async function* rows() {
 *   for (let row = 1; row <= 3; row++) yield `row ${row}\n`;
 * }
 * export const listener = requestListener(async (_request, response) => {
 *   response.setHeader("content-type", "text/plain");
 *   await sendStream(response, rows());
 * });
 * ```
 */
export async function sendStream(
  response: NodeResponse,
  source: AsyncIterable<string | Uint8Array>,
): Promise<void> {
  await send(response, new Source(source, "source"));
}

/**
 * Server-sent events, for hosts that take a `Response`. The source is treated as by {@link streamResponse}. A client that is cut off
 * connects again.
 *
 * @throws TypeError if `events` is no AsyncIterable; TypeError or RangeError for a wrong option.
 *
 * @example
 * ```ts
 * import { sleep } from "@hother/cancelable";
 * import { sseResponse } from "@hother/cancelable-integrations/streaming";
 *
 * async function* ticks() {
 *   for (let id = 1; id <= 3; id++) {
 *     yield { id: String(id), event: "tick", data: `tick ${id}` };
 *     await sleep(1);
 *   }
 * }
 * const response = sseResponse(ticks(), { heartbeat: { seconds: 15 } });
 * console.assert((await response.text()).startsWith(":\n\nevent: tick\nid: 1\ndata: tick 1\n\n"));
 * ```
 */
export function sseResponse(events: AsyncIterable<SseEvent>, options?: SseOptions): Response {
  const text = new SseText(events, options, "sseResponse");
  return new Response(bodyOf(new Source(text, "events")), { headers: sseHeaders });
}

/**
 * Server-sent events as the answer of a host on Node, see {@link sendStream}. It sets the headers.
 *
 * @throws TypeError if `events` is no AsyncIterable; TypeError or RangeError for a wrong option.
 *
 * @example
 * ```ts
 * import { interval } from "@hother/cancelable";
 * import { requestListener } from "@hother/cancelable-integrations/node-http";
 * import { sendSse } from "@hother/cancelable-integrations/streaming";
 *
 * async function* ticks() {
 *   for await (const _ of interval({ seconds: 1 })) yield { event: "tick", data: new Date().toISOString() };
 * }
 * export const listener = requestListener((_request, response) =>
 *   sendSse(response, ticks(), { heartbeat: { seconds: 15 } }),
 * );
 * ```
 */
export async function sendSse(
  response: NodeResponse,
  events: AsyncIterable<SseEvent>,
  options?: SseOptions,
): Promise<void> {
  const source = new Source(new SseText(events, options, "sendSse"), "events");
  if (!response.headersSent)
    for (const [name, value] of Object.entries(sseHeaders)) response.setHeader(name, value);
  await send(response, source);
}

const sseHeaders: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // nginx would hold events back.
  "x-accel-buffering": "no",
};

const bodyOf = (source: Source<unknown>): ReadableStream<Uint8Array> =>
  new ReadableStream(new SourceStream(source), { highWaterMark: 0 });
