/*
 * The life of one request and its response, from the call to the end of the body.
 *
 *  E1  An exchange ends once: its body came to the end, or it failed. The first failure is the error of everything that waits.
 *  E2  The host gets a signal that belongs to this exchange alone: hosts leave listeners on the signals they get.
 *  E3  After the end nothing is left: no timer, no listener on a signal of the user, no wait in the scope, no place in the
 *      operation.
 *  E4  The exchange follows the scope of the call. When that scope has ended well, it follows the next open scope above, so
 *      that a body can be read after `failAfter(100, () => fetch(url))`. At the end of the operation it is released.
 *  E5  While no code reads the body, the exchange does not keep it in memory: a response that the user has dropped is
 *      released when it is collected.
 */

import {
  type Cancellable,
  CancellationToken,
  currentOperation,
  currentScope,
  getBackend,
  type ScopeParent,
  UsageError,
} from "@hother/cancelable";
import { type HttpPhase, HttpTimeoutError } from "../http/http-timeout-error.ts";
import { addToOperation } from "../http/open-exchanges.ts";
import { TimeLimits } from "./time-limits.ts";

/** A part of an exchange that must be told of its failure: the caller, the request body, the response body. */
export interface Part {
  /** The exchange has failed. Must not throw. */
  failed(error: unknown): void;
}

/** Releases the exchanges whose responses were collected unread (E5). */
const dropped = new FinalizationRegistry((exchange: Exchange) => {
  exchange.fail(new Error(`${exchange.label}: no code holds the response any more`));
});

export class Exchange {
  /** The method and the URL, for messages. */
  readonly label: string;
  readonly limits: TimeLimits;
  readonly #scope: ScopeParent;
  readonly #controller = new AbortController();
  readonly #attached: Disposable[] = [];
  readonly #parts = new Set<Part>();
  #body: WeakRef<Part> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #hasEnded = false;
  /** Resolves the promise for which the scope waits. */
  #ended!: () => void;

  /**
   * To be created in the scope of the call.
   *
   * @param scope The scope of the call.
   * @param signal The signal of the user, not aborted.
   */
  constructor(
    label: string,
    scope: ScopeParent,
    signal: AbortSignal | undefined,
    limits: Readonly<Record<HttpPhase, number>>,
  ) {
    this.label = label;
    this.#scope = scope;
    this.limits = new TimeLimits(limits, getBackend(), (phase, ms) =>
      this.fail(new HttpTimeoutError(label, phase, ms)),
    );
    this.#attached.push(this.limits);
    if (signal !== undefined) this.#follow(signal);
    const operation = currentOperation();
    if (operation !== undefined) this.#attached.push(addToOperation(operation, this));
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
    // A wait, and no listener: it moves to the scope above when the scope ends well (E4).
    currentScope()
      .waitFor(ended)
      .then(undefined, (error: unknown) => this.fail(error));
  }

  /** The signal for the host (E2). */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Follows a signal of the user. The library keeps one listener for all that follow the same signal. */
  #follow(signal: AbortSignal): void {
    const token = CancellationToken.from(signal);
    const subscription = token.onCancel(() => this.fail(signal.reason));
    this.#attached.push(subscription, token);
  }

  /** Adds what is disposed of at the end. */
  attach(resource: Disposable): void {
    if (this.#hasEnded) resource[Symbol.dispose]();
    else this.#attached.push(resource);
  }

  addPart(part: Part): void {
    this.#parts.add(part);
  }

  removePart(part: Part): void {
    this.#parts.delete(part);
  }

  /** @param stream The object whose collection means that no code can read the body any more. */
  setBody(body: Part, stream: object): void {
    this.#body = new WeakRef(body);
    dropped.register(stream, this, this);
  }

  /** The operation of the call has ended, and the body is still open. */
  release(operation: Cancellable): void {
    const name = `operation ${JSON.stringify(operation.name ?? operation.id)}`;
    this.fail(
      operation.error ??
        new UsageError(
          "ERR_CLOSED",
          `The body of the response to ${this.label}`,
          `${name} has ended; read the body before its end`,
        ),
    );
  }

  /** Ends the exchange with an error. The scope may have been cancelled first, and its wait be about to tell so. */
  fail(given: unknown): void {
    if (this.#hasEnded) return;
    const error: unknown = this.#scope.isCancelled ? this.#scope.signal.reason : given;
    this.#failure = { error };
    const parts = [...this.#parts];
    const body = this.#body?.deref();
    this.#end();
    // First, because a host can cancel the request body in `abort`, without the error.
    for (const part of parts) part.failed(error);
    this.#controller.abort(error);
    body?.failed(error);
  }

  /** The body has come to its end, or the reader has left it. */
  complete(): void {
    if (this.#hasEnded) return;
    const parts = [...this.#parts];
    this.#end();
    // A request body that the server did not want to the end.
    for (const part of parts) part.failed(new Error(`${this.label} has been answered`));
  }

  #end(): void {
    this.#hasEnded = true;
    this.#parts.clear();
    this.#body = undefined;
    dropped.unregister(this);
    for (const attached of this.#attached) attached[Symbol.dispose]();
    this.#attached.length = 0;
    this.#ended();
  }
}
