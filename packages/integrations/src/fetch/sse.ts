import { type BodySource, type BodyStreamOptions, bodyStream } from "./body-stream.ts";
import { EventParser, type ServerSentEvent } from "./event-parser.ts";

/**
 * The events of a body of server-sent events (`text/event-stream`), read as the HTML standard says. An event that the end of
 * the body cuts off is dropped. The stream connects once: `retry` of this library and the header `last-event-id` connect
 * again. Reading stops when the ambient scope is cancelled. The body is closed in every case, and with it its connection.
 *
 * @throws TypeError or RangeError for a bad argument, UsageError `ERR_BUSY` for a body that has a reader or has been read.
 * Reading rejects with the cancellation, with an error of the body, and with an {@link ItemTooLongError}.
 *
 * @example
 * ```ts
 * import { sse } from "@hother/cancelable-integrations/fetch";
 *
 * const body = "event: greeting\nid: 7\ndata: hello\ndata: world\n\n: a comment\n\ndata: bye\n\n";
 * const events = [];
 * for await (const event of sse(new Response(body))) events.push(event);
 * console.assert(events[0]?.event === "greeting" && events[0].data === "hello\nworld");
 * console.assert(events[1]?.event === "message" && events[1].id === "7");
 * ```
 */
export function sse(
  source: BodySource,
  options?: BodyStreamOptions<ServerSentEvent>,
): AsyncGenerator<ServerSentEvent, undefined, undefined> {
  return bodyStream(source, options, "sse", (maxLength) => new EventParser(maxLength));
}
