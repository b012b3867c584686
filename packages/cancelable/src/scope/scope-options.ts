import { invalidType } from "../arguments.ts";
import type { Span } from "../duration.ts";
import type { KnownOptions } from "../known-options.ts";
import type { CancellationToken } from "../token/token.ts";
import { UsageError } from "../usage-error.ts";
import { ambientNode, currentNode } from "./ambient.ts";
import { rootOf } from "./root.ts";
import { ScopeNode } from "./scope-node.ts";

/**
 * An explicit parent: a `CancelScope`, the scope of a task group, a `Cancellable` or the value of `currentScope()`. Not a
 * token, which no code runs in.
 */
export interface ScopeParent {
  readonly signal: AbortSignal;
  readonly isCancelled: boolean;
  check(): void;
  sleep(span: Span): Promise<void>;
  /** @internal */
  readonly node: ScopeNode;
}

/** The place of a scope in the tree. */
export interface ParentOption {
  /**
   * The scope or operation above. `null` means none. Default: the ambient scope. Required on hosts without
   * AsyncLocalStorage.
   */
  readonly parent?: ScopeParent | null | undefined;
}

/**
 * The options of everything that runs in a scope of its own. Several limits apply together, and the first one that is
 * met cancels the scope. `undefined` means the default.
 */
export interface Limits extends ParentOption {
  /** The time allowed, counted from the start: milliseconds, a `Duration`, or `null` for no limit. Default: no limit. */
  readonly timeout?: Span | undefined;
  /** A time on the wall clock: a `Date` or epoch milliseconds. The reason is `timeout`. Default: none. */
  readonly deadline?: Date | number | undefined;
  /** One or several `AbortSignal`s that cancel the scope. Default: none. */
  readonly signal?: AbortSignal | readonly AbortSignal[] | undefined;
  /** One or several tokens that cancel the scope, with their reason and message. Default: none. */
  readonly token?: CancellationToken | readonly CancellationToken[] | undefined;
  /** The name in messages and in `liveScopes`. Default: none. */
  readonly name?: string | undefined;
}

/** The options of scopes, task groups, operations, wrapped functions and streams. */
export interface ScopeOptions extends Limits {
  /** Whether the scope is protected from a cancellation from outside. Default: false. */
  readonly shield?: boolean | undefined;
}

/** @internal */
export const limits: KnownOptions<Limits> = {
  timeout: 1,
  deadline: 1,
  signal: 1,
  token: 1,
  parent: 1,
  name: 1,
};

/** @internal */
export const scopeOptions: KnownOptions<ScopeOptions> = { ...limits, shield: 1 };

export function requireParent(parent: ScopeParent, argument = "options.parent"): void {
  if (!((parent as ScopeParent | undefined)?.node instanceof ScopeNode)) {
    throw invalidType(argument, "a Cancellable or a CancelScope", parent);
  }
}

/**
 * The node of the parent or scope that the user passed.
 *
 * @throws UsageError `ERR_PARENT_ENDED` if it has ended.
 */
export function explicitParent(parent: ScopeParent, argument = "options.parent"): ScopeNode {
  requireParent(parent, argument);
  if (parent.node.phase === "closed") throw new UsageError("ERR_PARENT_ENDED", argument);
  return parent.node;
}

/**
 * The open node below which a new scope is placed.
 *
 * @param ambient Returns the default. It is `ambientNode` for an operation and for `run()`, which can be the outermost scope.
 */
export function parentNode(
  options: ParentOption | undefined,
  ambient: () => ScopeNode = currentNode,
): ScopeNode {
  const parent = options?.parent;
  if (parent === undefined) return ambient();
  return parent === null ? rootOf(ambientNode().clock) : explicitParent(parent);
}
