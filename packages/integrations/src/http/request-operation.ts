/*
 * The operation of one request. It runs from the arrival of the request until its answer is over and its handler, where the
 * host tells its end, has returned.
 */

import {
  Cancellable,
  type CancellableOptions,
  type CancellationError,
  getBackend,
  isCancellation,
  type OperationObserver,
  report,
  type Span,
} from "@hother/cancelable";
import { isThenable, toMilliseconds } from "@hother/cancelable/extending";
import { type Answer, clientLeft, defaultAnswer, failureAnswer, requireAnswer } from "./answer.ts";
import { isBrokenOff } from "./broken-off.ts";
import type { CallerFacts } from "./caller-deadline.ts";
import { readMetadata } from "./read-metadata.ts";
import type { RequestEnd } from "./request-end.ts";
import type { RequestPlan } from "./request-options.ts";

/** The answer to a request, as the host has it. */
export interface Exchange {
  /** Whether the head of an answer has been sent. */
  readonly isAnswering: boolean;
  /** The status of the answer. */
  readonly status: number;
  /**
   * Sends a whole answer. It is called at most once, while `isAnswering` is false. The host drops the handler's own answer from
   * then on, without an error. If it throws, `cut` is called.
   */
  send(answer: Answer): void;
  /** Breaks the answer off, so that the client sees that it is not complete. */
  cut(): void;
  /** Finds out whether the client has left, where the host tells this late. */
  look?(): void;
  /** Is called once, when the operation has ended and the answer is over. */
  ended(): void;
}

/** The methods that are part of a name. Clients can send any other word, so another word would be a new name. */
const methods = new Set("GET HEAD POST PUT PATCH DELETE OPTIONS TRACE CONNECT QUERY".split(" "));

/** The name of a request: its method, and the pattern of its route. */
export function requestName(method: string | undefined, route: string | undefined): string {
  return `${method !== undefined && methods.has(method) ? method : "(other)"} ${route ?? "(no route)"}`;
}

/** Sees the operations of all requests. It answers a cancelled request, and passes the events on to the registry of the plan. */
const observer: OperationObserver = {
  started(operation) {
    registryOf(operation)?.started(operation);
  },
  progress(operation) {
    registryOf(operation)?.progress(operation);
  },
  cancelling(operation) {
    (operation as RequestOperation<unknown>).answerCancellation(); // only requests have this observer
    registryOf(operation)?.cancelling(operation);
  },
  ended(operation) {
    registryOf(operation)?.ended(operation);
    (operation as RequestOperation<unknown>).tellEndIfOver();
  },
  around(operation, body) {
    return registryOf(operation)?.around?.(operation, body) ?? body;
  },
};

const registryOf = (operation: unknown): OperationObserver | undefined =>
  (operation as RequestOperation<unknown>).plan.registry; // only requests have this observer

/**
 * The operation of a request. Its reason is `disconnect` if the client left, `timeout` for a time limit of the server or of
 * the caller, and `shutdown` for a shutdown.
 */
export class RequestOperation<Request> extends Cancellable {
  readonly request: Request;
  /** @internal */
  readonly plan: RequestPlan<Request>;
  readonly #exchange: Exchange;
  #name: string;
  /** The state of the answer. Undefined while the answer is not over. */
  #sent: RequestEnd<Request>["sent"] | undefined = undefined;
  /** Whether the cancellation has broken off or replaced the handler's answer. */
  #isReplaced = false;
  /** The number of handlers that have not ended. */
  #handlers = 0;
  #failure: { readonly error: unknown } | undefined = undefined;
  #handle: (() => unknown) | undefined = undefined;
  #answerFailure: ((error: unknown) => void) | undefined = undefined;
  #resolve: (() => void) | undefined = undefined;
  #reject: ((error: unknown) => void) | undefined = undefined;

  constructor(plan: RequestPlan<Request>, facts: CallerFacts<Request>, exchange: Exchange, name: string) {
    super(optionsOf(plan, facts));
    this.request = facts.request;
    this.plan = plan;
    this.#exchange = exchange;
    this.#name = name;
  }

  /** The method and the pattern of the route, such as `GET /users/:id`. Some hosts learn the route late. */
  override get name(): string {
    return this.plan.nameOf?.(this.request) ?? this.#name;
  }

  /** @internal */
  rename(name: string): void {
    this.#name = name;
  }

  /**
   * Sets a time limit for this request, counted from its arrival. A limit never lengthens another one.
   *
   * @param span Milliseconds, or a `Duration`.
   */
  limit(span: Span): void {
    const ms = toMilliseconds(span, "span");
    const passed = this.context.duration ?? 0;
    this.deadline = Math.min(this.deadline, getBackend().now() - passed + ms);
  }

  /**
   * @internal Runs `handle` with this operation as the ambient one. If `handle` returns a promise, the operation waits for it.
   * In an operation that is already cancelled, `handle` is not called.
   *
   * @param answerFailure Answers an error of `handle`, on a host that does not.
   */
  begin(handle: () => unknown, answerFailure?: (error: unknown) => void): void {
    this.#handle = handle;
    this.#answerFailure = answerFailure;
    this.run(live).catch(ignore);
  }

  /** @internal The body of the operation. It keeps its state in fields, because each closure costs every request. */
  untilOver(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#call(this.#handle as () => unknown, this.#answerFailure); // set by begin
    });
  }

  /** @internal Runs a further handler of the request in this operation, unless the operation is cancelled. */
  beginAnother(handle: () => unknown, answerFailure?: (error: unknown) => void): void {
    this.wrap(() => this.#call(handle, answerFailure))().catch(ignore);
  }

  #call(handle: () => unknown, answerFailure: ((error: unknown) => void) | undefined): void {
    let result: unknown;
    // The answer can be over before the handler returns: the handler can cancel the request.
    this.#handlers++;
    try {
      result = handle();
    } catch (error) {
      if (this.fail(error)) answerFailure?.(error);
    }
    if (isThenable(result)) this.handling(result, answerFailure);
    this.#handlers--;
    this.#endIfOver();
  }

  /** @internal The operation waits for `result`, the promise of a handler, whose error is a failure of the request. */
  handling(result: PromiseLike<unknown>, answerFailure?: (error: unknown) => void): void {
    this.#handlers++;
    const ended = () => {
      this.#handlers--;
      this.#endIfOver();
    };
    result.then(ended, (error: unknown) => {
      if (this.fail(error)) answerFailure?.(error);
      ended();
    });
  }

  /**
   * @internal The handler has failed. The host answers the error; the status of the operation will be `failed`.
   *
   * @returns false if the error is a consequence of the cancellation, which is no failure.
   */
  fail(error: unknown): boolean {
    // A host can tell the reader of a body before it tells that the connection has closed.
    if (this.isWaiting && isBrokenOff(error)) this.#exchange.look?.();
    if (this.isConsequence(error)) return false;
    this.#failure ??= { error };
    return true;
  }

  /** @internal Whether an error is the cancellation of this operation, or comes from the connection that broke with it. */
  isConsequence(error: unknown): boolean {
    return this.isCancelled && (isCancellation(error, this) || isBrokenOff(error));
  }

  /** @internal Answers an error of the handler, on a host that does not: with 500, or by breaking the answer off. */
  answerFailure(error: unknown): void {
    report(error, `the handler of ${this.name}`);
    if (!this.isWaiting) return;
    if (this.#exchange.isAnswering) this.#exchange.cut();
    else this.#exchange.send(failureAnswer);
  }

  /** @internal Whether the answer is not over. */
  get isOpen(): boolean {
    return this.#sent === undefined;
  }

  /** @internal Whether the handler can still answer: the answer is not over, and none was sent in the handler's place. */
  get isWaiting(): boolean {
    return this.isOpen && !this.#isReplaced;
  }

  /**
   * @internal The answer is over: it was sent to its end, or the client has left.
   *
   * @param byServer Whether the client did not leave, but the server has broken the answer off.
   * @param message The message of the cancellation. Default: the client has left.
   */
  over(hasLeft: boolean, byServer = false, message?: string): void {
    if (this.#sent !== undefined) return;
    this.#sent = !hasLeft ? "whole" : this.#exchange.isAnswering ? "cut" : "nothing";
    // A host may close the connection of a request that has failed.
    if (hasLeft && !this.#isReplaced && (byServer || this.#failure !== undefined))
      this.fail(new Error(`the server has broken the answer to ${this.name} off`));
    else if (hasLeft && !this.#isReplaced) {
      this.#isReplaced = true;
      this.cancel("disconnect", message ?? `the client left before the answer to ${this.name} was complete`);
    }
    this.#endIfOver();
    // An operation can end before its answer is over: with a grace, or if its handler was not called.
    if (this.hasEnded) this.#tellEnd();
  }

  #endIfOver(): void {
    if (this.#sent === undefined || this.#handlers > 0) return;
    if (this.#failure !== undefined) this.#reject?.(this.#failure.error);
    else if (this.#isReplaced) this.#reject?.(this.error);
    else this.#resolve?.();
  }

  /** @internal Answers a request that was cancelled. */
  answerCancellation(): void {
    const { error } = this;
    if (this.#sent !== undefined || this.#isReplaced || error === undefined) return;
    this.#isReplaced = true;
    if (this.#exchange.isAnswering) {
      this.#exchange.cut();
      return;
    }
    try {
      this.#exchange.send(this.#ownAnswer(error) ?? defaultAnswer(error, this.plan.retryAfter));
    } catch (failure) {
      report(failure, `the answer to ${this.name}`);
      this.#exchange.cut();
    }
  }

  /** The answer that the user chooses. An answer that cannot be sent is reported. */
  #ownAnswer(error: CancellationError): Answer | undefined {
    try {
      const answer = this.plan.answer?.({ request: this.request, operation: this, error });
      if (answer !== undefined) requireAnswer(answer, "the result of options.answer");
      return answer;
    } catch (failure) {
      report(failure, "options.answer");
      return undefined;
    }
  }

  /** @internal The operation has ended. */
  tellEndIfOver(): void {
    if (this.#sent !== undefined) this.#tellEnd();
  }

  #tellEnd(): void {
    this.#exchange.ended();
    const { onEnd } = this.plan;
    if (onEnd === undefined) return;
    const { error, context } = this;
    const reason = this.#isReplaced || this.status === "cancelled" ? error?.reason : undefined;
    const end: RequestEnd<Request> = {
      request: this.request,
      operation: this,
      name: this.name,
      status: reason === "disconnect" ? clientLeft : this.#exchange.status,
      sent: this.#sent ?? "nothing",
      reason,
      durationMs: context.duration ?? 0,
    };
    try {
      onEnd(end);
    } catch (failure) {
      report(failure, "options.onEnd");
    }
  }
}

const ignore = (): void => {};
const live = (operation: { untilOver(): Promise<void> }): Promise<void> => operation.untilOver();

function optionsOf<Request>(plan: RequestPlan<Request>, facts: CallerFacts<Request>): CancellableOptions {
  const { timeout, callerDeadline, grace } = plan;
  return {
    // A request belongs to no scope: a shutdown of the server decides about its end.
    parent: null,
    register: observer,
    timeout: callerDeadline === undefined ? timeout : Math.min(timeout, callerDeadline(facts)),
    grace,
    metadata: plan.metadata === undefined ? undefined : readMetadata(plan.metadata, facts.request),
  };
}
