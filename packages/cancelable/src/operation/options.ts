import { invalidType, outOfRange, requireBoolean, requireText } from "../arguments.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { isPlainObject } from "../realms.ts";
import { ScopeNode } from "../scope/scope-node.ts";
import { type ScopeOptions, scopeOptions } from "../scope/scope-options.ts";
import { UsageError } from "../usage-error.ts";
import { operationEvents } from "./events.ts";
import type { OperationObserver } from "./observer.ts";
import { type SourceOptions, sourceOptions } from "./option-sources.ts";

/**
 * The options of an operation, of each call of a wrapped function, and of a stream: those of a scope, and more sources
 * that can cancel. Limits that are given together all apply. `undefined` means the default.
 *
 * The `parent` can cancel the operation from the construction on. Default: the ambient scope at the start.
 */
export interface CancellableOptions extends ScopeOptions, SourceOptions {
  /** The id. Default: a UUID, created on first use. */
  readonly id?: string | undefined;
  /** Data of the user about the operation: a plain object. Default: none. */
  readonly metadata?: Record<string, unknown> | undefined;
  /**
   * `true`: the `OperationRegistry` of the process contains the operation while it runs. A registry: this one
   * does. Default: false.
   */
  readonly register?: boolean | OperationObserver | undefined;
  /**
   * `"children"`: the progress is computed from the operations directly below, each with its {@link progressWeight}.
   * Default: the progress is that of the operation's own reports.
   */
  readonly progressFrom?: "children" | undefined;
  /** The weight of this operation in an operation with `progressFrom: "children"`: a number above 0. Default: 1. */
  readonly progressWeight?: number | undefined;
  /**
   * How long a cancelled operation may take to end, in total for `onStart`, the body and the `onCancel` callbacks.
   * Then `run` rejects, and the remaining code continues, abandoned. Default: no bound, and a warning after 5 s.
   */
  readonly grace?: Span | undefined;
}

/** @internal */
export const cancellableOptions: KnownOptions<CancellableOptions> = {
  ...scopeOptions,
  ...sourceOptions,
  id: 1,
  metadata: 1,
  register: 1,
  progressFrom: 1,
  progressWeight: 1,
  grace: 1,
};

/** Checks all options except the sources and the parent, which are checked when they are used. */
export function requireCancellableOptions(options: CancellableOptions): void {
  requireKnownOptions(options, cancellableOptions, "Cancellable");
  const { id, name, shield, metadata, timeout, grace, register, progressFrom, progressWeight } = options;
  requireText(id, "options.id");
  requireText(name, "options.name");
  if (metadata !== undefined && !isPlainObject(metadata)) {
    throw invalidType("options.metadata", "a plain object", metadata);
  }
  if (shield !== undefined) requireBoolean(shield, "options.shield");
  if (timeout !== undefined) toMilliseconds(timeout, "options.timeout");
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
