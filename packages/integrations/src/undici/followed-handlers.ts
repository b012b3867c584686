/*
 * Handlers that stand between undici and the handler of a caller, and end it when the scope of the caller is cancelled.
 * undici looks at the names of the methods to find out which of its two shapes a handler has, so the shape is kept.
 */
import type { CancellationError } from "@hother/cancelable";
import type { SentDeadline } from "../http/sent-deadline.ts";
import type { Abort, Controller, Handler, NewHandler, OldHandler } from "./dispatch.ts";
import { FollowedRequest } from "./followed-request.ts";

/** The answer for an SDK that would try again, see {@link FollowOptions.answersFirst}. No server sends this status. */
const cancelled = { status: 299, text: "Cancelled" } as const;

interface FollowOptions {
  readonly deadline: SentDeadline;
  /**
   * Whether a cancellation before the answer gives the handler the headers of an answer first. The error then comes in the
   * body, where the SDKs of model providers do not try again.
   */
  readonly answersFirst: boolean;
}

/** Whether undici takes the handler for one of its new shape. */
const isNew = (handler: OldHandler | NewHandler): boolean =>
  typeof (handler as NewHandler).onRequestStart === "function";

/** A handler of the same shape, which ends with the ambient scope. */
export function followHandler(
  handler: OldHandler | NewHandler,
  options: FollowOptions,
): { readonly handler: OldHandler | NewHandler; readonly request: FollowedRequest } {
  // The methods that the shape does not have are undefined.
  return isNew(handler)
    ? new FollowedNewHandler(handler as Handler, options).parts
    : new FollowedOldHandler(handler as Handler, options).parts;
}

class FollowedOldHandler implements OldHandler {
  readonly #to: OldHandler;
  readonly #request: FollowedRequest;
  readonly #answersFirst: boolean;

  constructor(to: OldHandler, { deadline, answersFirst }: FollowOptions) {
    this.#to = to;
    this.#answersFirst = answersFirst;
    this.#request = new FollowedRequest(deadline, (reason) => this.#fail(reason));
  }

  get parts(): { readonly handler: OldHandler; readonly request: FollowedRequest } {
    return { handler: this, request: this.#request };
  }

  #fail(reason: CancellationError): void {
    if (!this.#answersFirst || this.#request.isAnswered) {
      this.#to.onError?.(reason);
      return;
    }
    this.#to.onHeaders?.(cancelled.status, [], () => {}, cancelled.text);
    setImmediate(() => this.#to.onError?.(reason));
  }

  onConnect(abort: Abort, context: unknown): void {
    if (this.#request.start(abort)) this.#to.onConnect?.(abort, context);
  }

  onError(error: Error): void {
    if (this.#request.end()) this.#to.onError?.(error);
  }

  onUpgrade(status: number, headers: unknown, socket: unknown): void {
    if (this.#request.end()) this.#to.onUpgrade?.(status, headers, socket);
  }

  onResponseStarted(): void {
    if (this.#request.isOpen) this.#to.onResponseStarted?.();
  }

  onHeaders(status: number, headers: unknown, resume: () => void, statusText: string): boolean {
    if (!this.#request.isOpen) return false;
    if (status >= 200) this.#request.isAnswered = true;
    return this.#to.onHeaders?.(status, headers, resume, statusText) ?? true;
  }

  onData(chunk: unknown): boolean {
    return this.#request.isOpen && (this.#to.onData?.(chunk) ?? true);
  }

  onComplete(trailers: unknown): void {
    if (this.#request.end()) this.#to.onComplete?.(trailers);
  }

  onBodySent(...sizes: unknown[]): void {
    if (this.#request.isOpen) this.#to.onBodySent?.(...sizes);
  }

  onRequestSent(): void {
    if (this.#request.isOpen) this.#to.onRequestSent?.();
  }
}

class FollowedNewHandler implements NewHandler {
  readonly #to: NewHandler;
  readonly #request: FollowedRequest;
  readonly #answersFirst: boolean;
  #controller: Controller | undefined;

  constructor(to: NewHandler, { deadline, answersFirst }: FollowOptions) {
    this.#to = to;
    this.#answersFirst = answersFirst;
    this.#request = new FollowedRequest(deadline, (reason) => this.#fail(reason));
  }

  get parts(): { readonly handler: NewHandler; readonly request: FollowedRequest } {
    return { handler: this, request: this.#request };
  }

  #fail(reason: CancellationError): void {
    if (!this.#answersFirst || this.#request.isAnswered) {
      this.#to.onResponseError?.(this.#controller, reason);
      return;
    }
    const controller = endedController(reason);
    this.#to.onResponseStart?.(controller, cancelled.status, {}, cancelled.text);
    setImmediate(() => this.#to.onResponseError?.(controller, reason));
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#controller = controller;
    if (this.#request.start((reason) => controller.abort(reason)))
      this.#to.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(controller: Controller, status: number, headers: unknown, socket: unknown): void {
    if (this.#request.end()) this.#to.onRequestUpgrade?.(controller, status, headers, socket);
  }

  onResponseStarted(): void {
    if (this.#request.isOpen) this.#to.onResponseStarted?.();
  }

  onResponseStart(controller: Controller, status: number, headers: unknown, statusText?: string): void {
    if (!this.#request.isOpen) return;
    if (status >= 200) this.#request.isAnswered = true;
    this.#to.onResponseStart?.(controller, status, headers, statusText);
  }

  onResponseData(controller: Controller, chunk: unknown): void {
    if (this.#request.isOpen) this.#to.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Controller, trailers: unknown): void {
    if (this.#request.end()) this.#to.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Controller | undefined, error: Error): void {
    if (this.#request.end()) this.#to.onResponseError?.(controller, error);
  }

  onBodySent(...sizes: unknown[]): void {
    if (this.#request.isOpen) this.#to.onBodySent?.(...sizes);
  }

  onRequestSent(): void {
    if (this.#request.isOpen) this.#to.onRequestSent?.();
  }
}

/** The controller of a request that is over. */
const endedController = (reason: Error): Controller => ({
  aborted: true,
  paused: false,
  reason,
  rawHeaders: [],
  abort() {},
  pause() {},
  resume() {},
});
