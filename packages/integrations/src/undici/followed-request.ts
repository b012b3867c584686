import type { CancellationError } from "@hother/cancelable";
import type { SentDeadline } from "../http/sent-deadline.ts";
import { untilCancelled } from "../scope/until-cancelled.ts";
import type { Abort } from "./dispatch.ts";
import { replaceHeader } from "./made-request.ts";

/**
 * A request that ends with the scope that made it.
 *
 *  - `open`: what undici says about the request is passed on to the handler.
 *  - `held`: too little time is left for an answer, so the request is not sent. The timeout will end it.
 *  - `over`: the handler has got its last call. What undici says afterwards is ignored.
 */
export class FollowedRequest {
  readonly #deadline: SentDeadline;
  readonly #stop: () => void;
  #state: "open" | "held" | "over" = "open";
  #abort: Abort | undefined;
  #reason: Error | undefined;
  /** Whether the handler has got the headers of an answer. */
  isAnswered = false;
  /** The headers that undici sends, as a list of names and values. Empty until the request is in a queue. */
  headers: unknown[] = [];

  /** @param fail Ends the handler with the reason. */
  constructor(deadline: SentDeadline, fail: (reason: CancellationError) => void) {
    this.#deadline = deadline;
    this.#stop = untilCancelled((reason) => {
      this.#state = "over";
      this.#reason = reason;
      try {
        fail(reason);
      } finally {
        this.#abort?.(reason); // closes the socket
      }
    }, "a handler of undici");
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** The request has a connection. Returns whether it is sent now; if not, it is aborted. */
  start(abort: Abort): boolean {
    this.#abort = abort;
    const left = this.#deadline.left();
    if (this.isOpen && left < 1) this.#state = "held";
    if (!this.isOpen) {
      abort(this.#reason ?? new Error("no time is left for an answer"));
      return false;
    }
    const value = this.#deadline.value(left);
    const name = this.#deadline.header?.name;
    if (name !== undefined && value !== undefined) replaceHeader(this.headers, name, value);
    return true;
  }

  /** The request has ended by itself. Returns whether the handler is to be told. */
  end(): boolean {
    if (!this.isOpen) return false;
    this.#state = "over";
    this.#stop();
    return true;
  }
}
