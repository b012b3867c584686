import type { Operation } from "../../operation/operation.ts";
import { type Clock } from "../../runtime/clock.ts";
import { currentNode } from "../../scope/ambient.ts";
import { ScopeNode } from "../../scope/scope-node.ts";
import type { Cancellation } from "../../token/cancellation.ts";
import { UsageError } from "../../usage-error.ts";

/** @internal What the life of a stream tells it. */
export interface StreamHooks {
  /** Cancelled: called when the wave is over, in the async context that the stream began in. */
  cancelled(): void;
  /** The operation has settled although the stream has not ended: its grace is over. */
  abandoned(error: unknown): void;
}

/** So long the consumer waits for an async generator that nothing tells of the cancellation, in ms. */
const unobservedCancellationWait = 100;

/** @internal Where a stream's source runs: below the operation, entered for the time of a pull only. */
export class StreamNode extends ScopeNode {
  readonly #noticed: () => void;
  /** What cancelled it. Kept: a shield that is raised above does not undo it. */
  cancellation: Cancellation | undefined = undefined;
  /** How long the consumer is kept waiting for what runs in it, in ms. */
  patience: number = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, noticed: () => void) {
    super(clock);
    this.#noticed = noticed;
  }

  protected override marked(): void {
    this.cancellation = this.reached;
    // Before anybody is told: who waits in the scope, or took its signal, is about to end.
    const isHeard = this.waiters !== undefined || this.live > 0 || this.controller !== undefined;
    if (!isHeard) this.patience = unobservedCancellationWait;
    this.#noticed();
  }
}

/**
 * @internal Ties a stream to what it runs in. An operation that has not started is started with the stream, and
 * ends with it; one that runs is the scope above; without one the ambient scope is.
 */
export class StreamLife {
  readonly operation: Operation | undefined;
  readonly #hooks: StreamHooks;
  #node: StreamNode | undefined;
  /** Settles when the operation that was started here has ended. */
  #run: Promise<void> | undefined;
  #resolve: (() => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #opened: (() => void) | undefined;
  #isOver = false;

  constructor(operation: Operation | undefined, hooks: StreamHooks) {
    this.operation = operation;
    this.#hooks = hooks;
  }

  /** The stream's scope, once it has begun. */
  get node(): StreamNode {
    return this.#node as StreamNode;
  }

  /** Begins; a promise only if callbacks of the operation come first. Throws in an operation that is cancelled or has ended. */
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
      if (!this.#isOver && this.#node !== undefined) this.#hooks.abandoned(error);
    });
    if (this.#node !== undefined) return undefined;
    return new Promise((resolve, reject) => {
      this.#opened = resolve;
      this.#run?.then(undefined, reject);
    });
  }

  #open(parent: ScopeNode): undefined {
    parent.check();
    let notice!: () => void;
    // Handlers of a promise run in the async context that they were given in, not in the canceller's.
    void new Promise<void>((resolve) => {
      notice = resolve;
    }).then(() => this.#hooks.cancelled());
    this.#node = new StreamNode(parent.clock, notice);
    this.#node.open(parent);
  }

  /** Its time is over: cancels the stream, and its operation where that is the stream's own. */
  expire(message: string, timeoutMs: number): void {
    const node = this.#run === undefined ? this.node : (this.operation as Operation).node;
    node.cancelFor("timeout", message, { timeoutMs });
  }

  /** Ends it, and waits for the operation where that is the stream's own. Throws what it has ended with. */
  async end(failed: { readonly error: unknown } | undefined, waits: boolean): Promise<void> {
    const { node } = this;
    while (waits && node.live > 0) await (failed === undefined ? node.empty() : node.cancelChildren());
    this.#isOver = true;
    node.close();
    if (this.#run === undefined) {
      if (failed !== undefined) throw failed.error;
      return;
    }
    if (failed === undefined) this.#resolve?.();
    else this.#reject?.(failed.error);
    await this.#run;
  }

  /** The stream will never begin: nothing of its operation stays in a parent. */
  release(): void {
    this.operation?.removeIfNotStarted();
  }
}
