import { requireText } from "../arguments.ts";
import { type CancellationReason, requireReason } from "../errors.ts";
import { requireKnownOptions } from "../known-options.ts";
import { Cancellation } from "./cancellation.ts";
import type { CancelNode } from "./tree.ts";

/** The options of every `cancel()`. */
export interface CancelOptions {
  /** The error or value that led to the cancellation. It becomes the `cause` of the error. Default: none. */
  readonly cause?: unknown;
}

/** Checks the arguments of `cancel(reason, message)`. */
export function requireCancelArguments(reason: unknown, message: unknown): void {
  requireReason(reason);
  requireText(message, "message");
}

/**
 * Cancels `node` for a call of a public method. The methods compare the result with `true`: JavaScriptCore (Bun, Safari)
 * drops the frame of a method that ends with a plain call, and the stack could not begin at its caller.
 *
 * @param called The public method. The stack of the error begins at its caller.
 * @param propagate As in {@link CancelNode.cancel}.
 */
export function cancelNode(
  node: CancelNode,
  called: (...args: never[]) => unknown,
  reason: CancellationReason = "manual",
  message?: string,
  options?: CancelOptions,
  propagate?: boolean,
): boolean {
  requireCancelArguments(reason, message);
  if (propagate === undefined) requireKnownOptions(options, { cause: 1 }, "cancel");
  if (node.own !== undefined) return false;
  const cause = options?.cause;
  const cancellation = new Cancellation(reason, message, cause === undefined ? undefined : { cause });
  cancellation.owner = node.owner;
  cancellation.captureCaller(called);
  return node.cancel(cancellation, propagate);
}
