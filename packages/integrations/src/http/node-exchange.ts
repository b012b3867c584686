import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer } from "./answer.ts";
import type { CallerFacts } from "./caller-deadline.ts";
import { type Connection, type ConnectionKey, connectionOf, type NodeRequest } from "./connections.ts";
import { mute } from "./muted-response.ts";
import { type Exchange, RequestOperation } from "./request-operation.ts";
import type { RequestPlan } from "./request-options.ts";
import { take } from "./taken.ts";
import { type ResponseWatcher, watchResponse } from "./watched-response.ts";

export { takenBy } from "./taken.ts";

/** The stream of a response of `node:http2`. A response of `node:http` has none. */
interface Http2Part {
  readonly stream?: {
    readonly session?: ConnectionKey | undefined;
    readonly destroyed: boolean;
    close(code: number): void;
  };
}

const noError = 0;
/** INTERNAL_ERROR of HTTP/2: the client must not take the answer for complete. */
const internalError = 2;

/** The facts of a request of Node. `request` is the object that the framework gives to its users. */
class NodeFacts<Request> implements CallerFacts<Request> {
  readonly request: Request;
  readonly #raw: IncomingMessage;
  constructor(request: Request, raw: IncomingMessage) {
    this.request = request;
    this.#raw = raw;
  }
  header(name: string): string | undefined {
    const value = this.#raw.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }
  get address(): string | undefined {
    return socketOf(this.#raw)?.remoteAddress;
  }
}

/** The error that Node gives to a handler that reads the body of a client that has left. */
const aborted = (): Error => Object.assign(new Error("aborted"), { code: "ECONNRESET" });

/** In HTTP/2, a request whose session is gone has no socket. */
const socketOf = (raw: IncomingMessage): IncomingMessage["socket"] | undefined => raw.socket;

/**
 * A request and a response of `node:http` or `node:http2`, and when the answer is over. Left means: at the first `close` of the
 * response or, in HTTP/1, of the connection, the response has not been written to its end, and the server itself has not broken
 * it off. In HTTP/2 a stream that was reset says that it is finished, so the response must have been ended as well.
 */
export class NodeExchange<Request> implements Exchange, NodeRequest, ResponseWatcher {
  readonly operation: RequestOperation<Request>;
  readonly #raw: IncomingMessage;
  readonly #response: ServerResponse & Http2Part;
  /** Undefined in HTTP/1. */
  readonly #stream: Http2Part["stream"];
  readonly #connection: Connection;
  /** The status of an answer in the place of the handler's, or of one that was broken off. */
  #status: number | undefined = undefined;
  /** Whether the server has broken the answer off. */
  #isBrokenOff = false;

  /**
   * @param request The object that the framework gives to its users.
   * @param raw The request of Node.
   */
  constructor(
    plan: RequestPlan<Request>,
    request: Request,
    raw: IncomingMessage,
    response: ServerResponse,
    name: string,
  ) {
    this.#raw = raw;
    this.#response = response;
    this.#stream = raw.httpVersionMajor >= 2 ? (response as Http2Part).stream : undefined; // of node:http2 only
    this.operation = new RequestOperation(plan, new NodeFacts(request, raw), this, name);
    take(raw, this.operation);
    this.#connection = connectionOf(this.#stream === undefined ? raw.socket : this.#stream.session);
    this.#connection.requests.add(this);
    watchResponse(response, this);
  }

  /** Runs `handle` in the operation, see {@link RequestOperation.begin}. */
  begin(handle: () => unknown, answerFailure?: (error: unknown) => void): void {
    // The client can have left while other code had the request. The event `close` has been emitted then.
    this.look();
    this.operation.begin(handle, answerFailure);
  }

  look(): void {
    if (this.#stream?.destroyed ?? (this.#response.closed || socketOf(this.#raw)?.destroyed))
      this.connectionClosed();
  }

  get isAnswering(): boolean {
    return this.#response.headersSent;
  }

  get status(): number {
    return this.#status ?? this.#response.statusCode;
  }

  send({ status, headers = {}, body = "" }: Answer): void {
    const response = this.#response;
    const stream = this.#stream;
    this.#status = status;
    // The headers of the answer that the handler has begun do not describe this answer.
    for (const name of response.getHeaderNames())
      if (/^(content-|transfer-encoding$|etag$|last-modified$|accept-ranges$|trailer$)/.test(name))
        response.removeHeader(name);
    response.statusCode = status;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (stream === undefined) {
      response.statusMessage = "";
      // The rest of a body blocks the connection, if the handler that reads the body has stopped.
      if (!this.#raw.complete && this.#raw.readableDidRead) response.setHeader("connection", "close");
      response.end(body);
    } else {
      // The stream stays open until the client has sent its whole body, unless the server says that it needs no more.
      response.end(body, () => stream.close(noError));
    }
    mute(response);
  }

  cut(): void {
    this.#status ??= this.#response.statusCode;
    this.#isBrokenOff = true;
    if (this.#stream === undefined) {
      this.#connection.isCut = true;
      this.#destroy();
    } else this.#stream.close(internalError);
    mute(this.#response);
  }

  /**
   * An answer of HTTP/1.0 without a length ends with its connection: only a reset tells that it is not complete. Before Node 24 the
   * reset of a connection looks like its end.
   */
  #destroy(): void {
    const { socket } = this.#response;
    if (this.#raw.httpVersionMinor === 0 && socket?.writableLength === 0) {
      try {
        socket.resetAndDestroy();
        return;
      } catch {
        // Only TCP has a reset.
      }
    }
    this.#response.destroy();
  }

  breaksOff(error: Error | undefined): void {
    // From Node 24 on, Node itself destroys the responses that wait on a connection that has closed.
    if (this.#isBrokenOff || this.isWhole || socketOf(this.#raw)?.destroyed) return;
    this.#isBrokenOff = true;
    this.#connection.isCut ||= this.#stream === undefined;
    if (error !== undefined) this.operation.fail(error);
  }

  connectionClosed(): void {
    const { operation } = this;
    if (!operation.isOpen) {
      // Once the answer is over, Node does not tell a handler that still reads the body.
      if (this.#connection.isClosed && !this.#raw.complete) this.#raw.destroy(aborted());
      return;
    }
    const hasLeft = !this.isWhole;
    if (hasLeft && !this.#isBrokenOff) this.left();
    const byAnother = this.#connection.isCut
      ? "the server broke the connection off for another request"
      : undefined;
    operation.over(hasLeft, this.#isBrokenOff, byAnother);
  }

  ended(): void {
    this.#connection.delete(this);
  }

  /** Whether the response, which has closed, was written to its end. */
  protected get isWhole(): boolean {
    const { writableEnded, writableFinished } = this.#response;
    return writableFinished && (writableEnded || this.#stream === undefined);
  }

  /** Whether the server has broken the answer off. */
  protected get isBrokenOff(): boolean {
    return this.#isBrokenOff;
  }

  /** Is called when the client has left, before the operation is cancelled. */
  protected left(): void {}
}
