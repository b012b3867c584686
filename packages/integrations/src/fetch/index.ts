// Requests with the `fetch` of the host, and streams over their bodies. Imports no module of Node.
export type { DeadlineFormat, DeadlineHeader } from "../http/deadline-header.ts";
export { HttpError } from "../http/http-error.ts";
export { type HttpPhase, HttpTimeoutError } from "../http/http-timeout-error.ts";
export type { BodySource, BodyStreamOptions } from "./body-stream.ts";
export type { ServerSentEvent } from "./event-parser.ts";
export { expectOk } from "./expect-ok.ts";
export { fetch } from "./fetch.ts";
export { ItemTooLongError } from "./item-too-long.ts";
export { lines } from "./lines.ts";
export { ndjson } from "./ndjson.ts";
export type { FetchInit, FetchOptions, TransferProgress } from "./options.ts";
export { sse } from "./sse.ts";
