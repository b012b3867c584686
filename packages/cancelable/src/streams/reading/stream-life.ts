import type { Operation } from "../../operation/operation.ts";
import { currentNode } from "../../scope/ambient.ts";
import type { ScopeNode } from "../../scope/scope-node.ts";
import { UsageError } from "../../usage-error.ts";
import { StreamNode } from "./stream-node.ts";

/** @internal The notifications of a {@link StreamLife}. */
export interface StreamHooks {
  /** The stream is cancelled. Called after the wave, in the async context in which the stream began. */
  cancelled(): void;
  /** The operation has settled before the stream has ended, because its grace has expired. */
  graceExpired(error: unknown): void;
}

/**
 * @internal The scope of a stream and its place in the tree. A running operation is the parent of the scope. An
 * operation that has not started is started by the stream, and ends with it. Without an operation, the ambient scope
 * is the parent.
 */
export class StreamLife {
  readonly operation: Operation | undefined;
  readonly #hooks: StreamHooks;
  #node: StreamNode | undefined;
  /** The run of an operation that the stream started. Settles when this operation has ended. */
  #run: Promise<void> | undefined;
  #resolve: (() => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #opened: (() => void) | undefined;
  #isClosed = false;

  constructor(operation: Operation | undefined, hooks: StreamHooks) {
    this.operation = operation;
    this.#hooks = hooks;
  }

  /** The scope of the stream. Only after the stream has begun. */
  get node(): StreamNode {
    return this.#node as StreamNode;
  }

  /**
   * Opens the scope. Returns a promise only if callbacks of the operation run first. Throws if the operation is
   * cancelled or has ended.
   */
  begin(): Promise<void> | undefined {
    const { operation } = this;
    if (operation === undefined) return this.#open(currentNode());
    if (operation.node.phase === "open") return this.#open(operation.node);
    if (operation.node.phase === "closed") {
      operation.check();
      throw new UsageError("ERR_ENDED", operation.label);
    }
    this.#run = operation.run(() => {
      this.#open(operation.node);
      return new Promise<void>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
        this.#opened?.();
      });
    });
    this.#run.then(undefined, (error: unknown) => {
      if (!this.#isClosed && this.#node !== undefined) this.#hooks.graceExpired(error);
    });
    if (this.#node !== undefined) return undefined;
    return new Promise((resolve, reject) => {
      this.#opened = resolve;
      this.#run?.then(undefined, reject);
    });
  }

  #open(parent: ScopeNode): undefined {
    parent.check();
    let notify!: () => void;
    // A promise handler runs in the async context of its `then()`, and not in the context of the `cancel()` call.
    void new Promise<void>((resolve) => {
      notify = resolve;
    }).then(() => this.#hooks.cancelled());
    this.#node = new StreamNode(parent.clock, notify);
    this.#node.open(parent);
  }

  /** Cancels the stream because of a timeout; with it the operation, if the stream started it. */
  expire(message: string, timeoutMs: number): void {
    const node = this.#run === undefined ? this.node : (this.operation as Operation).node;
    node.cancelFor("timeout", message, { timeoutMs });
  }

  /**
   * Closes the scope, and ends the operation, if the stream started it. Throws the error of the operation or the
   * failure.
   *
   * @param waits Whether to wait for child scopes, such as tasks of the input.
   */
  async close(failed: { readonly error: unknown } | undefined, waits: boolean): Promise<void> {
    const { node } = this;
    while (waits && node.live > 0) await (failed === undefined ? node.empty() : node.cancelChildren());
    this.#isClosed = true;
    node.close();
    if (this.#run === undefined) {
      if (failed !== undefined) throw failed.error;
      return;
    }
    if (failed === undefined) this.#resolve?.();
    else this.#reject?.(failed.error);
    await this.#run;
  }

  /** The stream will never begin: an operation that has not started is removed from its parent. */
  release(): void {
    this.operation?.removeIfNotStarted();
  }
}
