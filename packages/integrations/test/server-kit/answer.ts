/** An answer as a client has received it. */
export interface ReceivedAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** False if the connection or the stream was broken off before the end of the answer. */
  readonly isComplete: boolean;
}

/** A request of a client of the tests. */
export interface ClientRequest {
  readonly method?: "GET" | "HEAD" | "POST";
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A request that was sent. */
export interface Pending {
  /** The whole answer. Undefined if the connection has closed before its head. */
  readonly answer: Promise<ReceivedAnswer | undefined>;
  /** Waits until the body contains `text`. */
  received(text: string): Promise<void>;
  /** Goes away: closes the connection, or resets the stream. */
  leave(): void;
}

/** A client of the tests. HTTP/1 opens a connection for each request, HTTP/2 one session for all of them. */
export interface Client {
  send(request?: ClientRequest): Pending;
  close(): void;
}
