import { requireKnownOptions } from "../known-options.ts";
import { Cancellation } from "./cancellation.ts";
import { CancellationToken, requireToken } from "./token.ts";
import { type CancelNode, Waiter } from "./tree.ts";

/** Waits in the followed node. Cancels the following node inside the same wave (T5). */
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

/**
 * Waits in the following node. Removes the link from the followed node when the following one is cancelled or closes.
 */
class LinkEnd extends Waiter {
  readonly #link: Link;
  constructor(link: Link) {
    super();
    this.#link = link;
  }
  override reached(): void {
    this.#link.remove();
  }
  override nodeClosed(): void {
    this.#link.remove();
  }
}

/**
 * A token that can follow other tokens: when one of them is cancelled, this token is cancelled too.
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
   * Follows `other`. The error of `other` becomes the `cause` of this token's error. Disposing removes the link from
   * `other`.
   *
   * @param options.preserveReason Whether this token takes the reason of `other`. Default: false, the reason is
   * `parent`.
   */
  link(other: CancellationToken, options?: { readonly preserveReason?: boolean | undefined }): Disposable {
    requireToken(other, "other");
    requireKnownOptions(options, { preserveReason: 1 }, "link");
    const link = new Link(this.node, options?.preserveReason === true);
    const reached = other.node.pending();
    if (reached !== undefined) link.reached(reached);
    if (reached !== undefined || this.node.pending() !== undefined) return { [Symbol.dispose]() {} };
    const end = new LinkEnd(link);
    other.node.wait(link);
    this.node.wait(end);
    return {
      [Symbol.dispose]() {
        link.remove();
        end.remove();
      },
    };
  }
}
