import { requireOptions } from "../arguments.ts";
import { Cancellation } from "./cancellation.ts";
import { CancellationToken, requireToken } from "./token.ts";
import { type CancelNode, Waiter } from "./tree.ts";

/** Cancels one node when another is reached, inside the same wave (T5). */
class Link extends Waiter {
  readonly #target: CancelNode;
  readonly #preserveReason: boolean;
  constructor(target: CancelNode, preserveReason: boolean) {
    super();
    this.#target = target;
    this.#preserveReason = preserveReason;
  }
  override reached(cancellation: Cancellation): void {
    this.#target.cancel(
      this.#preserveReason
        ? new Cancellation(cancellation.reason, cancellation.message, undefined, cancellation)
        : new Cancellation(
            "parent",
            `Linked token was cancelled: ${cancellation.reason}`,
            undefined,
            cancellation,
          ),
    );
  }
}

/** In the following node: when that is cancelled or has ended, nothing of it stays on the other one. */
class LinkEnd extends Waiter {
  readonly #link: Link;
  constructor(link: Link) {
    super();
    this.#link = link;
  }
  override reached(): void {
    this.#link.leave();
  }
  override dismissed(): void {
    this.#link.leave();
  }
}

/**
 * A token that can follow others: it is cancelled when any of them is.
 *
 * @example
 * ```ts
 * import { CancellationToken, LinkedCancellationToken } from "@hother/cancelable";
 *
 * const service = new CancellationToken();
 * const request = new LinkedCancellationToken();
 * request.link(service, { preserveReason: true });
 * service.cancel("shutdown");
 * console.assert(request.reason === "shutdown");
 * ```
 */
export class LinkedCancellationToken extends CancellationToken {
  /**
   * Follows `other`. The reason becomes `parent`, or `other`'s own with `preserveReason`; `other`'s
   * error is the `cause`. Disposing the link leaves nothing on `other`.
   */
  link(other: CancellationToken, options?: { readonly preserveReason?: boolean }): Disposable {
    requireToken(other, "other");
    requireOptions(options);
    const link = new Link(this.node, options?.preserveReason === true);
    const reached = other.node.pending();
    if (reached !== undefined) link.reached(reached);
    if (reached !== undefined || this.node.pending() !== undefined) return { [Symbol.dispose]() {} };
    const end = new LinkEnd(link);
    other.node.wait(link);
    this.node.wait(end);
    return {
      [Symbol.dispose]() {
        link.leave();
        end.leave();
      },
    };
  }
}
