import { markCopy } from "../copy.ts";
import type { Span } from "../duration.ts";
import type { CancellationError } from "../errors.ts";
import { rootOf } from "./root.ts";
import { openFrom, type ScopeNode } from "./scope-node.ts";
import type { ScopeParent } from "./scope-options.ts";
import { sleepIn } from "./sleeper.ts";
import { waitIn } from "./waiting.ts";

/**
 * A scope as the code in it sees it, returned by {@link currentScope}. It cannot cancel the scope: that is for the code
 * that made the scope.
 */
export class AmbientScope implements ScopeParent {
  /** @internal */
  readonly node: ScopeNode;

  /** @internal */
  constructor(node: ScopeNode) {
    this.node = node;
  }

  /** Whether this is the implicit root, which lies outside of every scope and is never cancelled. */
  get isRoot(): boolean {
    return this.node === rootOf(this.node.clock);
  }

  /** Whether a checkpoint in the scope would throw. */
  get isCancelled(): boolean {
    return this.node.pending() !== undefined;
  }

  /** The error that a checkpoint in the scope would throw, if any. */
  get error(): CancellationError | undefined {
    return this.node.pending()?.error;
  }

  /** An `AbortSignal` that is aborted when the scope is cancelled. */
  get signal(): AbortSignal {
    return this.node.signal;
  }

  /**
   * The earliest deadline of the scope and the scopes above it, up to the next shield, in milliseconds of the backend's
   * clock. Infinity means none.
   */
  get deadline(): number {
    return this.node.deadline;
  }

  /** Throws if the scope is cancelled. */
  check(): void {
    this.node.check();
  }

  /** Like {@link sleep}, but in this scope and not in the ambient one. */
  sleep(span: Span): Promise<void> {
    return sleepIn(openFrom(this.node), span);
  }

  /** Like {@link waitFor}, but in this scope and not in the ambient one. */
  waitFor<T>(work: PromiseLike<T> | (() => T | PromiseLike<T>)): Promise<T> {
    return waitIn(openFrom(this.node), work);
  }
}
markCopy(AmbientScope);
