import type { IncomingMessage, ServerResponse } from "node:http";
import { type Cancellable, CancelScope, currentOperation, report } from "@hother/cancelable";
import { isThenable } from "@hother/cancelable/extending";
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from "fastify";
import type { Answer } from "../http/answer.ts";
import { mute } from "../http/muted-response.ts";
import { NodeExchange } from "../http/node-exchange.ts";
import type { RequestPlan } from "../http/request-options.ts";

/**
 * A request and a reply of Fastify. When the answer is taken out of the handler's hands, the reply is hijacked: Fastify then
 * calls no further hook and no handler, and sends nothing.
 */
export class FastifyExchange extends NodeExchange<FastifyRequest> {
  readonly #reply: FastifyReply;
  /** Whether the handler and Fastify can no longer answer. */
  #isSilenced = false;

  constructor(plan: RequestPlan<FastifyRequest>, request: FastifyRequest, reply: FastifyReply, name: string) {
    // The types of Fastify take `node:http` as the default; `node:http2` has the same methods.
    super(plan, request, request.raw as IncomingMessage, reply.raw as ServerResponse, name);
    this.#reply = reply;
  }

  /**
   * Calls the handler of a route. The operation does not end before the promise of the handler. Once the answer has been taken out
   * of the handler's hands, its value is dropped, and so is its rejection by the cancellation of the request.
   */
  handle(handler: RouteHandlerMethod, server: FastifyInstance, request: FastifyRequest): unknown {
    const reply = this.#reply;
    let result: unknown;
    try {
      result = this.#isAmbient
        ? handler.call(server, request, reply)
        : this.#enter(() => handler.call(server, request, reply));
    } catch (error) {
      if (this.#handlerFailed(error)) throw error;
      return;
    }
    // A reply is a thenable that waits for its own end.
    if (result === reply || !isThenable(result)) return result;
    this.operation.handling(result);
    return Promise.resolve(result).then(
      (value) => {
        if (!this.#isSilenced) return value;
        discard(value);
      },
      (error) => {
        if (this.#handlerFailed(error)) throw error;
      },
    );
  }

  /** False if a library has called the next hook in another context, such as a parser of forms from an event of its streams. */
  get #isAmbient(): boolean {
    for (let one = currentOperation(); one !== undefined; one = one.parent as Cancellable | undefined)
      if (one === this.operation) return true;
    return false;
  }

  /** Calls `fn` at once, in the operation. What `fn` starts stays in the operation, because the scope in between has ended. */
  #enter<T>(fn: () => T): T {
    let call: (() => T) | undefined;
    void new CancelScope({ parent: this.operation }).run(() => {
      try {
        const result = fn();
        call = () => result;
      } catch (error) {
        call = () => {
          throw error;
        };
      }
    });
    return (call as unknown as () => T)(); // `run` calls its function before it returns
  }

  /** Returns false if the error is the cancellation of the request, which has been answered. */
  #handlerFailed(error: unknown): boolean {
    if (!this.operation.fail(error)) return false;
    // No other code ends the answer of a handler that has hijacked its reply.
    if (this.#isHijacked) this.cut();
    return true;
  }

  /** Whether the handler has hijacked the reply and not ended the answer. */
  get #isHijacked(): boolean {
    return !this.#isSilenced && this.#reply.sent && !this.#reply.raw.writableEnded;
  }

  #silence(): void {
    if (this.#isSilenced) return;
    this.#isSilenced = true;
    const reply = this.#reply;
    reply.hijack();
    // A hijacked reply would log a warning for each answer of the handler.
    reply.send = (payload?: unknown) => {
      discard(payload);
      return reply;
    };
  }

  override send(answer: Answer): void {
    // Who hijacks a reply answers the request: nothing is sent on the handler's behalf.
    if (this.#isHijacked) {
      this.cut();
      return;
    }
    this.#silence();
    const { raw } = this.#reply;
    for (const [name, value] of Object.entries(this.#reply.getHeaders()))
      try {
        if (value !== undefined) raw.setHeader(name, value);
      } catch (error) {
        report(error, `the header ${name} of ${this.operation.name}`);
      }
    // The hooks `onResponse` run in the context of this call.
    void new CancelScope({ shield: true, parent: this.operation }).run(() => super.send(answer));
  }

  override cut(): void {
    this.#silence();
    super.cut();
  }

  protected override get isWhole(): boolean {
    const raw = this.#reply.raw as ServerResponse & { readonly isLightMyRequest?: boolean };
    // The response of `app.inject()` closes before its own end has been written.
    return raw.isLightMyRequest === true ? raw.writableEnded : super.isWhole;
  }

  protected override left(): void {
    this.#silence();
    mute(this.#reply.raw as ServerResponse); // see the constructor
  }
}

/** Releases an answer that will not be sent. */
function discard(payload: unknown): void {
  const stream = payload as
    | { destroy?(): unknown; cancel?(): Promise<unknown>; body?: { cancel?(): Promise<unknown> } }
    | undefined
    | null; // any value: each method is looked for
  try {
    if (typeof stream?.destroy === "function") stream.destroy();
    else if (payload instanceof ReadableStream) payload.cancel().catch(ignore);
    else if (payload instanceof Response) payload.body?.cancel().catch(ignore);
  } catch (error) {
    report(error, "an answer that came too late");
  }
}

const ignore = (): void => {};
