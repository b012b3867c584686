import { invalidType } from "@hother/cancelable/extending";
import { timeLeft } from "../http/deadline-header.ts";
import { AnswerRecord } from "./partial-answer.ts";
import { quietly } from "./quietly.ts";
import { retryDelay } from "./retry-delay.ts";
import { followBody } from "./sdk-body.ts";
import { type CallOrigin, SdkCall, type SdkErrors } from "./sdk-call.ts";
import { helperOf } from "./sdk-helper.ts";
import { followStream, type SdkStream } from "./sdk-stream.ts";

/** The options of one request, as the client has them. */
export interface SdkRequest {
  readonly signal?: AbortSignal | null | undefined;
  readonly headers?: unknown;
}

interface Received {
  response: Response;
  readonly controller: AbortController;
}

interface Promised<T> extends Promise<T> {
  _thenUnwrap<U>(transform: (data: T, received: Received) => U): Promised<U>;
}

/**
 * The methods of a client through which each of its requests goes. `makeRequest` is private in its types. It is called once
 * for a call, and again with the id of the log for each further attempt.
 */
export interface SdkClient {
  makeRequest(
    options: SdkRequest | PromiseLike<SdkRequest>,
    retriesRemaining: number | null,
    retryOfRequestLogId: string | undefined,
    ...rest: unknown[]
  ): Promise<Received>;
  makeTracedRequest?: (...args: unknown[]) => Promise<Received>;
  request(...args: unknown[]): Promised<unknown>;
  fetchWithTimeout(...args: unknown[]): Promise<Response>;
  withOptions(options: object): SdkClient;
}

/** The differences between the clients. */
export interface SdkKind<Chunk> {
  /** The function that is called by the user, for messages. */
  readonly wrapper: string;
  /** The class of the client, for messages. */
  readonly client: string;
  readonly errors: SdkErrors;
  /** Adds a part of a streamed answer to its record. */
  add(record: AnswerRecord, chunk: Chunk): void;
  /** Adds an answer that came in one piece, or another result, to its record. */
  addWhole(record: AnswerRecord, data: unknown): void;
  /** Makes the helpers of a client follow the scope, too. */
  followHelpers(client: SdkClient): void;
}

function isStream<Chunk>(data: unknown, controller: AbortController): data is SdkStream<Chunk> {
  return (data as Partial<SdkStream<Chunk>> | null | undefined)?.controller === controller;
}

const followed = new WeakSet<object>();

function requireClient(client: unknown, { wrapper, client: name }: SdkKind<never>): void {
  const candidate = client as Partial<SdkClient> | null | undefined;
  for (const method of ["makeRequest", "request", "fetchWithTimeout", "withOptions"] as const)
    if (typeof candidate?.[method] !== "function") throw invalidType("client", `a client of ${name}`, client);
  if (followed.has(client as object))
    throw invalidType("client", `a client of ${name} that ${wrapper} has not got before`, client);
}

/** Makes a client follow the ambient scope with every call. Changes the client. */
export function followClient<Chunk>(client: SdkClient, kind: SdkKind<Chunk>): void {
  requireClient(client, kind);
  followed.add(client);
  const { makeRequest, request, fetchWithTimeout, withOptions } = client;
  const calls = new WeakMap<AbortController, SdkCall>();

  const begin = async (
    input: SdkRequest | PromiseLike<SdkRequest>,
    retries: number | null,
    rest: unknown[],
  ): Promise<Received> => {
    const options = await input;
    const call = newCall(options, kind);
    try {
      if (call.signal.aborted) throw call.failure();
      const sent = { ...options, signal: call.signal };
      const received = await call.during(makeRequest.call(client, sent, retries, undefined, ...rest));
      calls.set(received.controller, call);
      received.response = followBody(received.response, call);
      return received;
    } catch (error) {
      call.end();
      throw error;
    }
  };

  client.makeRequest = (input, retries, logId, ...rest) => {
    // A further attempt of a call that has begun.
    if (logId !== undefined) return makeRequest.call(client, input, retries, logId, ...rest);
    return quietly(begin(input, retries, rest));
  };

  client.request = (...args) =>
    request.apply(client, args)._thenUnwrap((data, { controller }) => {
      const call = calls.get(controller);
      if (call === undefined) return data;
      if (isStream<Chunk>(data, controller))
        return followStream(data, call, (chunk) => kind.add(call.record, chunk));
      kind.addWhole(call.record, data);
      return data;
    });

  client.fetchWithTimeout = async (...args) => {
    const response = await fetchWithTimeout.apply(client, args);
    const delay = response.ok ? undefined : retryDelay(response.headers);
    // The client would wait beyond the deadline. It throws the error of the response now.
    return delay !== undefined && delay >= timeLeft() ? withoutRetry(response) : response;
  };

  // In a client with tracing, a call goes through this method of the same kind.
  const traced = client.makeTracedRequest;
  if (traced !== undefined) client.makeTracedRequest = (...args) => quietly(traced.apply(client, args));

  client.withOptions = (options) => {
    const copy = withOptions.call(client, options);
    followClient(copy, kind);
    return copy;
  };
  kind.followHelpers(client);
}

function newCall(options: SdkRequest, { wrapper, errors }: SdkKind<never>): SdkCall {
  const own = options.signal ?? undefined;
  const helper = helperOf(own);
  let origin: CallOrigin = "user";
  if (helper !== undefined) origin = "helper";
  else if (isOfHelper(options.headers)) origin = "unknown-helper";
  const record = helper?.record ?? new AnswerRecord();
  record.beginRequest();
  return new SdkCall(own, `a call of ${wrapper}`, errors, origin, record);
}

/**
 * Whether a helper with events has made the request. The helper says so in a header, for the statistics of the provider. Other
 * methods, such as `parse`, have other values there.
 */
function isOfHelper(headers: unknown): boolean {
  if (typeof headers !== "object" || headers === null) return false;
  // The clients keep headers that are put together in a class of their own.
  const { values } = headers as { readonly values?: unknown };
  const entries = values instanceof Headers ? [...values] : Object.entries(headers);
  return entries.some(
    ([name, value]) =>
      name.toLowerCase() === "x-stainless-helper-method" && (value === "stream" || value === "runTools"),
  );
}

/** The server can tell the clients not to try again, by a header. */
function withoutRetry(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("x-should-retry", "false");
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
