import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { KnownDeadlineHeader } from "../http/deadline-header.ts";
import { SentDeadline } from "../http/sent-deadline.ts";
import { untilCancelled } from "../scope/until-cancelled.ts";

/** Members of a request that the types of Node do not have. */
interface Internals {
  /** An agent calls it with the socket of the request, or with the error because of which there is none. */
  onSocket(socket?: Socket, error?: Error): void;
  /** The answer, from its headers on. */
  readonly res?: IncomingMessage | null;
  /** The data that waits for a socket. The first piece begins with the header. */
  readonly outputData?: ReadonlyArray<{ data: unknown }>;
}

type RequestInside = Omit<ClientRequest, "onSocket"> & Internals;

/** A request that ends with the ambient scope, and carries its deadline. To be made before the request is given to its agent. */
export class FollowedRequest {
  readonly #request: RequestInside;
  readonly #assign: Internals["onSocket"];
  readonly #deadline: SentDeadline;
  /** The value of the header in the request. Undefined if the request has no header of ours. */
  #value: string | undefined;
  #hasSocket = false;
  /** Whether the request takes no socket any more. */
  #isRefused = false;

  constructor(request: ClientRequest, header: KnownDeadlineHeader | undefined) {
    const inner = request as RequestInside; // what Node's own agents use
    this.#request = inner;
    this.#assign = inner.onSocket;
    this.#deadline = new SentDeadline(header);
    const stop = untilCancelled((reason) => this.#cut(reason), "a request of node:http");
    request.once("close", stop);
    const left = this.#deadline.left();
    if (left < 1) this.#isRefused = true;
    else this.#writeHeader(left);
    inner.onSocket = (socket, error) => this.#onSocket(socket, error);
  }

  /** Whether no agent is to see the request: its scope is cancelled, or no time is left for an answer. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  #onSocket(socket?: Socket, error?: Error): void {
    const left = this.#deadline.left();
    if (error === undefined && left < 1) this.#isRefused = true;
    if (!this.#isRefused) {
      this.#hasSocket = true;
      this.#rewriteHeader(left);
      this.#assign.call(this.#request, socket, error);
    } else if (socket !== undefined && !socket.destroyed)
      // The next request in the queue of the agent gets it. Node does the same for a request that was destroyed.
      process.nextTick(() => socket.emit("free"));
  }

  #cut(reason: Error): void {
    this.#isRefused = true;
    const request = this.#request;
    // A request in a queue fails when it gets a socket, which can take long: so it gets an error instead.
    if (!this.#hasSocket) this.#assign.call(request, undefined, reason);
    // Through the answer, code that reads the body sees the reason, and not "aborted".
    else if (request.res) request.res.destroy(reason);
    else request.destroy(reason);
  }

  #writeHeader(left: number): void {
    const request = this.#request;
    const name = this.#deadline.header?.name;
    // The headers are out already, for example of a request with `Expect: 100-continue`.
    if (name === undefined || request.headersSent) return;
    this.#value = this.#deadline.value(left, request.getHeader(name));
    if (this.#value !== undefined) request.setHeader(name, this.#value);
  }

  /** Time can have passed in the queue of the agent. The header is then a text that waits for the socket. */
  #rewriteHeader(left: number): void {
    const before = this.#value;
    const name = this.#deadline.header?.name;
    if (name === undefined || before === undefined) return;
    const value = this.#deadline.value(left);
    const first = this.#request.outputData?.[0];
    if (value === undefined) return;
    if (!this.#request.headersSent) this.#request.setHeader(name, value);
    else if (typeof first?.data === "string")
      first.data = first.data.replace(`\r\n${name}: ${before}\r\n`, `\r\n${name}: ${value}\r\n`);
  }
}
