import type { Context } from "koa";
import { isAborted } from "../http/broken-off.ts";
import { isClientError } from "../http/client-error.ts";
import { NodeExchange } from "../http/node-exchange.ts";
import type { RequestPlan } from "../http/request-options.ts";

/** Where a context keeps its exchange. */
const key = Symbol("@hother/cancelable-integrations.koa");

interface Marked {
  [key]?: KoaExchange;
}

/** A request and a response of Koa, and the errors that Koa would answer. */
export class KoaExchange extends NodeExchange<Context> {
  constructor(plan: RequestPlan<Context>, context: Context) {
    super(plan, context, context.req, context.res, "");
    (context as Marked)[key] = this; // the symbol is known to this file only
    context.onerror = onError;
  }

  /**
   * Notes an error of a request.
   *
   * @returns false if the error is a consequence of the cancellation, or of a client that left. Such an error is not reported.
   */
  failed(error: unknown): boolean {
    const { operation } = this;
    if (operation.isConsequence(error)) return false;
    if (!operation.isCancelled && this.#isOfConnection(error)) {
      operation.request.respond = false; // no client is left to answer
      return false;
    }
    if (!isClientError(error) || this.isAnswering) operation.fail(error);
    return true;
  }

  /** The client has broken the connection. Koa hears so a moment before the operation is cancelled. */
  #isOfConnection(error: unknown): boolean {
    const { req } = this.operation.request;
    const { errored } = req.socket;
    // The error with which the server destroys a response is that of the connection as well.
    return !this.isBrokenOff && (isAborted(req) || (errored !== null && error === errored));
  }

  /** Koa answers no error once the head of an answer is out, and leaves the connection open. */
  cutIfOpen(): void {
    const { res } = this.operation.request;
    if (res.headersSent && !res.writableEnded && !res.destroyed) this.cut();
  }
}

/** `onerror` of a context: Koa gives it the errors of the middleware, of the stream of the body, and of the connection. */
function onError(this: Context, error: Error): void {
  const exchange = (this as Marked)[key]; // see above
  // Koa calls this function also without an error.
  if (error === null || error === undefined || exchange?.failed(error) === false) return;
  exchange?.cutIfOpen();
  const { onerror } = Object.getPrototypeOf(this) as Context; // the context of the application
  onerror.call(this, error);
}
