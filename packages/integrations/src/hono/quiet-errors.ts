import type { OperationObserver } from "@hother/cancelable";
import type { Context } from "hono";
import type { RequestOperation } from "../http/request-operation.ts";
import { drop } from "../http/web-exchange.ts";

/**
 * Sees to it that Hono logs no error for a request that was cancelled: neither the cancellation, nor the failed reading of its
 * body. Hono puts the error of a handler into `c.error` before its own handler for errors logs it, except for errors that bring
 * an answer.
 */
export function quietErrors(registry: OperationObserver | undefined): OperationObserver {
  return {
    started: (operation) => registry?.started(operation),
    progress: (operation) => registry?.progress(operation),
    cancelling(operation) {
      watch(operation as unknown as RequestOperation<Context>); // the plan of Hono has made it
      registry?.cancelling(operation);
    },
    ended: (operation) => registry?.ended(operation),
  };
}

/**
 * Watches the errors that Hono puts into `c.error`. Once the request is cancelled, it has its answer: what Hono makes of a later
 * error is dropped, which Hono does with everything else that comes later.
 *
 * @param note Is called with each error, before Hono logs it.
 */
export function watch(operation: RequestOperation<Context>, note?: (error: Error) => void): void {
  const c = operation.request;
  let error: Error | undefined = c.error;
  /** Errors whose answers Hono has not set. */
  let late = 0;
  Object.defineProperty(c, "error", {
    get: () => error,
    set(thrown: Error | undefined) {
      error = thrown;
      if (thrown === undefined) return;
      note?.(thrown);
      // An error of a request that is not cancelled is for Hono, whose answer tells whether it is a failure.
      if (!operation.isCancelled) return;
      late++;
      if (!operation.fail(thrown) && Object.isExtensible(thrown))
        Object.defineProperty(thrown, "getResponse", { value: noAnswer, configurable: true });
    },
    configurable: true,
    enumerable: true,
  });
  Object.defineProperty(c, "res", {
    get: (): Response => Reflect.get(Object.getPrototypeOf(c), "res", c),
    set(response: Response | undefined) {
      if (late > 0 && response !== undefined) {
        late--;
        drop(response);
      } else setAnswer(c, response);
    },
    configurable: true,
  });
}

/** Replaces the answer. Hono adds the headers of the answer before to another one, unless that is taken away first. */
export function replaceAnswer(c: Context, response: Response): void {
  setAnswer(c, undefined);
  setAnswer(c, response);
}

function setAnswer(c: Context, response: Response | undefined): void {
  // Not `c.res = …`, which can be watched.
  Reflect.set(Object.getPrototypeOf(c), "res", response, c);
}

/** The request has been answered. */
const noAnswer = (): Response => new Response(null, { status: 503 });
