import { requireKnownOptions } from "../known-options.ts";
import { Cancellation } from "./cancellation.ts";
import { copyOf, follow } from "./follow.ts";
import { FollowingNode } from "./following-node.ts";
import { CancellationToken, requireToken } from "./token.ts";
import type { CancelNode } from "./tree.ts";

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
  constructor();
  /** @internal A handle on an existing node. */
  constructor(node: CancelNode);
  constructor(node: CancelNode = new FollowingNode()) {
    super(node);
  }

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
    const { node } = this;
    const keep = options?.preserveReason === true;
    return follow(node, other.node, (cancellation) => {
      node.cancel(
        keep
          ? copyOf(cancellation)
          : new Cancellation(
              "parent",
              `Linked token was cancelled: ${cancellation.reason}`,
              undefined,
              cancellation,
            ),
      );
    });
  }
}
