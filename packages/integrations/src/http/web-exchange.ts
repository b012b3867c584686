import { report } from "@hother/cancelable";
import type { Answer } from "./answer.ts";
import { type BodyListener, StreamedBody, takeBody } from "./answer-body.ts";
import { isBrokenBody } from "./broken-off.ts";
import type { CallerFacts } from "./caller-deadline.ts";
import { type Connection, connectionOfServer, type NodeRequest } from "./connections.ts";
import { type Exchange, RequestOperation } from "./request-operation.ts";
import type { RequestPlan } from "./request-options.ts";
import { take } from "./taken.ts";
import type { WebHost } from "./web-host.ts";

/** The facts of a request of the web. `request` is the object that the framework gives to its users. */
class WebFacts<R> implements CallerFacts<R> {
  readonly request: R;
  readonly #raw: Request;
  readonly #host: WebHost;
  constructor(request: R, raw: Request, host: WebHost) {
    this.request = request;
    this.#raw = raw;
    this.#host = host;
  }
  header(name: string): string | undefined {
    return this.#raw.headers.get(name) ?? undefined;
  }
  get address(): string | undefined {
    return this.#host.address(this.#raw);
  }
}

/**
 * A request of a host that takes a `Request` and waits for a `Response`, and when the answer is over.
 *
 * Until the host has the answer, the signal of the request tells that the client has left. From then on only the stream of the
 * answer tells: the signal of Deno aborts after every request. An answer that is not streamed is over when the host has it.
 */
export class WebExchange<R> implements Exchange, NodeRequest, BodyListener {
  readonly operation: RequestOperation<R>;
  readonly #raw: Request;
  readonly #host: WebHost;
  readonly #connection: Connection;
  /** Gives the answer to the host. Undefined afterwards. */
  #deliver: ((response: Response | undefined) => void) | undefined = undefined;
  #status = 200;
  #body: StreamedBody | undefined = undefined;

  /**
   * @param request The object that the framework gives to its users.
   * @param raw The request of the host.
   */
  constructor(plan: RequestPlan<R>, request: R, raw: Request, name: string, host: WebHost) {
    this.#raw = raw;
    this.#host = host;
    this.operation = new RequestOperation(plan, new WebFacts(request, raw, host), this, name);
    take(raw, this.operation);
    this.#connection = connectionOfServer(host.server);
    this.#connection.requests.add(this);
  }

  /**
   * Runs `handle` in the operation, see {@link RequestOperation.begin}.
   *
   * @param answerFailure Answers an error of `handle`. Default: the returned promise rejects with the error, and the host answers. After
   * the answer to a cancellation, the error is reported.
   * @returns the answer for the host: that of `handle`, or the one to the cancelled request.
   */
  begin(
    handle: () => Promise<Response | undefined> | Response | undefined,
    answerFailure?: (error: unknown) => void,
  ): Promise<Response | undefined> {
    return new Promise((resolve, reject) => {
      const { signal } = this.#raw;
      this.#deliver = (response) => {
        signal.removeEventListener("abort", this);
        this.#deliver = undefined;
        resolve(response);
      };
      signal.addEventListener("abort", this);
      this.operation.begin(
        async () => {
          try {
            await this.#answer(await handle());
          } catch (error) {
            this.noteFailure(error);
            throw error;
          }
        },
        (error) => {
          if (answerFailure !== undefined) answerFailure(error);
          else if (this.#deliver !== undefined) {
            this.#status = 500;
            reject(error);
            this.#deliver(undefined);
            this.#over(false);
          } else report(error, `the handler of ${this.operation.name}`);
        },
      );
      // The client can have left before the host has called the handler.
      if (signal.aborted) this.connectionClosed();
    });
  }

  /** @internal The signal of the request has aborted. */
  handleEvent(): void {
    this.connectionClosed();
  }

  /** Cancels, if an error of the handler tells that the client has left. */
  noteFailure(error: unknown): void {
    if (this.#host.tellsByBody && isBrokenBody(error)) this.connectionClosed();
  }

  async #answer(response: Response | undefined): Promise<void> {
    if (this.#deliver === undefined) return drop(response);
    // Bun wants nothing after an upgrade.
    if (response === undefined || this.#raw.method === "HEAD") return this.#pass(response);
    const body = await takeBody(response, this, this.#host.server !== undefined);
    // The client can have left, and a time limit can have passed, in the turns of takeBody.
    if (this.#deliver === undefined) {
      if (body instanceof StreamedBody) body.drop(this.operation.error);
    } else if (body instanceof StreamedBody) {
      this.#body = body;
      this.#status = response.status;
      this.#deliver(body.in(response));
    } else this.#pass(body.whole);
  }

  /** Gives the host an answer without an event for its end. */
  #pass(response: Response | undefined): void {
    this.#status = response?.status ?? 101;
    this.#deliver?.(response);
    this.#over(false);
  }

  get isAnswering(): boolean {
    return this.#body !== undefined;
  }

  get status(): number {
    return this.#status;
  }

  send({ status, headers = {}, body }: Answer): void {
    this.#pass(new Response(body || null, { status, headers }));
  }

  cut(): void {
    const { error } = this.operation;
    this.#body?.cut(error, this.#host.cutError(error));
    this.#over(true);
  }

  connectionClosed(): void {
    if (this.#deliver === undefined) return;
    this.#over(true);
    this.#deliver?.(new Response(null, { status: 503 })); // no client receives this answer
  }

  bodyOver(isCut: boolean, failure?: { readonly error: unknown }): void {
    if (failure !== undefined) this.operation.fail(failure.error);
    this.#over(isCut, failure !== undefined);
  }

  #over(isCut: boolean, byServer = false): void {
    this.operation.over(isCut, byServer);
  }

  ended(): void {
    this.#connection.delete(this);
  }
}

/** Releases an answer that will not be read. */
export function drop(response: Response | undefined): void {
  const body = response?.body;
  if (body && !body.locked) body.cancel().catch(ignore);
}

const ignore = (): void => {};
