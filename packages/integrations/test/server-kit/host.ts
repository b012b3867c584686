import type { Readable } from "node:stream";
import type { Cancellable } from "@hother/cancelable";
import type { RequestOptions } from "../../src/http/request-options.ts";

/** What a stream of an answer can be made of. */
export type StreamKind = "node" | "iterator" | "web";

/** An answer of a handler. The host sends it as the users of the framework would. */
export interface Reply {
  /** Default: 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: none. */
  readonly body?: string | Readable | AsyncGenerator<string> | ReadableStream<Uint8Array>;
}

/** A request that a handler of the tests gets. */
export interface Call {
  readonly operation: Cancellable;
  /** Reads the body to its end, with the parser of the framework if it has one for the type of the body. */
  text(): Promise<string>;
  /** The body as it arrives. */
  chunks(): AsyncIterable<Uint8Array>;
}

export interface Route {
  readonly method: "GET" | "HEAD" | "POST";
  /** Parameters are written as `:id`. */
  readonly pattern: string;
  /** The prefix below which a router of its own has this route. Default: the application itself has the route. */
  readonly mount?: string | undefined;
  /** The time limit of the route in ms, as the framework's users set it. Default: none. */
  readonly timeout?: number | undefined;
  readonly handle: (call: Call) => Promise<Reply>;
}

/** An application of the tests. */
export interface App {
  readonly routes: readonly Route[];
  readonly options: RequestOptions<unknown>;
}

/** A running application. */
export interface Started {
  readonly port: number;
  /** What the framework has logged as an error. */
  readonly errors: readonly unknown[];
  /** Stops the server and cuts its connections. */
  close(): Promise<void>;
}

/** A framework, or a server, which the tests run on. */
export interface Host {
  /** The name for the titles, such as `node:http`. */
  readonly name: string;
  /** The protocol of the clients. */
  readonly protocol: "http1" | "http2";
  /** What a stream of an answer can be made of. */
  readonly streams: readonly StreamKind[];
  /** The tests that differ on this host: a part of their titles, and the reason. The host tests its own behaviour elsewhere. */
  readonly except?: Readonly<Record<string, string>>;
  start(app: App): Promise<Started>;
}
