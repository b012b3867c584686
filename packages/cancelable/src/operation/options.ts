import { invalidType, outOfRange, requireText } from "../arguments.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { ScopeNode } from "../scope/scope-node.ts";
import type { ScopeParent } from "../scope/scope-options.ts";
import { type CancellationToken, requireToken } from "../token/token.ts";
import { UsageError } from "../usage-error.ts";
import { operationEvents } from "./events.ts";
import type { OperationObserver } from "./observer.ts";

export interface CancellableOptions {
  /** The id. Default: a UUID, created on first use. */
  readonly id?: string;
  /** The name in messages and snapshots. Default: none. */
  readonly name?: string;
  /**
   * The operation or scope above. It can cancel this operation from the construction on. `null` means none. Default:
   * the ambient scope at the start.
   */
  readonly parent?: ScopeParent | null;
  /** Data of the user about the operation: a plain object. Default: none. */
  readonly metadata?: Record<string, unknown>;
  /** A token that cancels the operation, with the reason and message of the token. Default: none. */
  readonly token?: CancellationToken;
  /**
   * `true`: the {@link OperationRegistry} of the process contains the operation while it runs. A registry: this one
   * does. Default: false.
   */
  readonly register?: boolean | OperationObserver;
  /**
   * `"children"`: the progress is computed from the operations directly below, each with its {@link progressWeight}.
   * Default: the progress is that of the operation's own reports.
   */
  readonly progressFrom?: "children";
  /** The weight of this operation in an operation with `progressFrom: "children"`: a number above 0. Default: 1. */
  readonly progressWeight?: number;
  /**
   * How long a cancelled operation may take to end, in total for `onStart`, the body and the `onCancel` callbacks.
   * Then `run` rejects, and the remaining code continues, abandoned. Default: no bound, and a warning after 5 s.
   */
  readonly grace?: Span;
}

/** @internal */
export const cancellableOptions: KnownOptions<CancellableOptions> = {
  id: 1,
  name: 1,
  parent: 1,
  metadata: 1,
  token: 1,
  register: 1,
  progressFrom: 1,
  progressWeight: 1,
  grace: 1,
};

/** Checks all options except the parent, which is checked when it is used. */
export function requireCancellableOptions(options: CancellableOptions): void {
  requireKnownOptions(options, cancellableOptions, "Cancellable");
  const { id, name, metadata, token, grace, register, progressFrom, progressWeight } = options;
  requireText(id, "options.id");
  requireText(name, "options.name");
  if (metadata !== undefined && !isPlainObject(metadata)) {
    throw invalidType("options.metadata", "a plain object", metadata);
  }
  if (token !== undefined) requireToken(token, "options.token");
  if (grace !== undefined) toMilliseconds(grace, "options.grace");
  if (register !== undefined && typeof register !== "boolean") {
    requireObserver(register, "options.register", "true, false or a registry");
  }
  if (progressFrom !== undefined && progressFrom !== "children") {
    throw invalidType("options.progressFrom", '"children"', progressFrom);
  }
  if (progressWeight !== undefined) requireWeight(progressWeight);
}

export function requireObserver(value: unknown, argument: string, expected: string): void {
  for (const method of operationEvents) {
    if (typeof (value as Partial<OperationObserver> | null)?.[method] !== "function")
      throw invalidType(argument, expected, value);
  }
}

function requireWeight(value: unknown): void {
  if (typeof value !== "number") throw invalidType("options.progressWeight", "a number", value);
  if (!(value > 0) || value === Number.POSITIVE_INFINITY)
    throw outOfRange("options.progressWeight", "above 0 and finite", value);
}

function isPlainObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
