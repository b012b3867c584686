import { invalidType, outOfRange, requireOptions, requireText } from "../arguments.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import type { ScopeParent } from "../scope/cancel-scope.ts";
import { ScopeNode } from "../scope/scope-node.ts";
import { type CancellationToken, requireToken } from "../token/token.ts";
import { UsageError } from "../usage-error.ts";
import { operationEvents } from "./events.ts";
import type { OperationObserver } from "./observer.ts";

export interface CancellableOptions {
  /** Default: a UUID, made when it is first looked at. */
  readonly id?: string;
  readonly name?: string;
  /**
   * The operation or scope above; it may cancel this one from now on. `null`: none. Default: the
   * ambient one when this one starts.
   */
  readonly parent?: ScopeParent | null;
  /** A plain object, for whatever the user wants to know about the operation. */
  readonly metadata?: Record<string, unknown>;
  /** Cancels the operation, with its own reason and message. */
  readonly token?: CancellationToken;
  /** Whether the process's {@link OperationRegistry} knows it while it runs; or a registry that is to. Default: false. */
  readonly register?: boolean | OperationObserver;
  /**
   * `"children"`: how far it is follows from the operations directly below, each counting for its
   * {@link progressWeight}. Default: what it reports itself.
   */
  readonly progressFrom?: "children";
  /** What it counts for in an operation with `progressFrom: "children"`: a number above 0. Default: 1. */
  readonly progressWeight?: number;
  /**
   * How long a cancelled operation may take to end, `onStart`, body and `onCancel` callbacks together. Then `run`
   * rejects anyway, and what is left goes on, abandoned. Default: no bound, and a warning after 5 s.
   */
  readonly grace?: Span;
}

/** Checks everything but the parent, which may have ended by the time that it matters. */
export function requireCancellableOptions(options: CancellableOptions): void {
  requireOptions(options);
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
    throw outOfRange("options.progressWeight", "above 0, and finite", value);
}

function isPlainObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
