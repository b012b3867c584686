import { captureContext } from "#platform/ambient";
import { belongsTo } from "../../absorb.ts";
import { report } from "../../reporter.ts";
import { enter } from "../../scope/ambient.ts";
import { CancelScope } from "../../scope/cancel-scope.ts";
import { CloseLimit, closingSource } from "./close-limit.ts";
import type { InputReader, OpenableInput } from "./input-reader.ts";
import type { StreamNode } from "./stream-node.ts";

/** @internal The result of a pull. */
export type Pulled = IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>>;

/** @internal An error, wrapped, because `undefined` can be thrown too. */
export interface Failure {
  readonly error: unknown;
}

/** The end of the wait for the closing of an input. Not closed: the input closes later. */
interface Closed {
  readonly isClosed: boolean;
  readonly failure: Failure | undefined;
}

/**
 * @internal An input that runs in the scope of its stream. All pulls share one async context: entering the scope is the
 * largest part of the cost of an item.
 */
export class ScopedInput {
  readonly #node: StreamNode;
  readonly #inScope: (fn: () => void) => void;
  #reader: InputReader | undefined;
  #pulled: Pulled | undefined;
  #limit: CloseLimit | undefined;
  /** Whether a pull is in progress. */
  isPulling = false;

  constructor(node: StreamNode) {
    this.#node = node;
    this.#inScope = enter(node, captureContext, undefined);
  }

  open(input: OpenableInput): void {
    this.#inScope(() => {
      this.#reader = input.open();
    });
  }

  readonly #pull = (): void => {
    this.#pulled = (this.#reader as InputReader).next();
  };

  pull(): Pulled {
    this.#inScope(this.#pull);
    const pulled = this.#pulled as Pulled;
    this.#pulled = undefined;
    return pulled;
  }

  /** Whether `close` is the cause of this error of a pull. */
  fromClose(error: unknown): boolean {
    return this.#reader?.fromClose?.(error) ?? false;
  }

  /** The input came to its end or has failed, and needs no closing. */
  ended(): void {
    this.#reader?.ended?.();
  }

  /**
   * Closes the input in a shield, and waits for it (R4 of the reader). If the consumer stopped reading, an error of the
   * closing is returned; otherwise it goes to the reporter.
   *
   * @param reason `undefined` when the consumer stopped reading.
   */
  close(reason: unknown): Promise<Closed> {
    return new Promise((resolve) => {
      const scope = new CancelScope({ shield: true }, this.#node.clock);
      let isAbandoned = false;
      const limit = new CloseLimit(this.#node, scope.node, () => {
        isAbandoned = true;
        resolve({ isClosed: false, failure: undefined });
      });
      this.#limit = limit;
      void this.#close(scope, reason).then((failure) => {
        limit[Symbol.dispose]();
        if (isAbandoned && failure !== undefined) report(failure.error, closingSource);
        resolve({ isClosed: true, failure });
      });
      if (this.isPulling || this.#node.cancellation !== undefined || this.#reader?.readsAhead)
        this.limitClosing();
    });
  }

  /** From now on the wait for a closing in progress is limited, unless the pull in progress notices the cancellation. */
  limitClosing(): void {
    if (!(this.isPulling && this.#node.isObserved)) this.#limit?.start();
  }

  async #close(scope: CancelScope, reason: unknown): Promise<Failure | undefined> {
    const node = this.#node;
    const reader = this.#reader as InputReader; // an input that could not be opened is not closed
    try {
      await scope.execute(() => reader.close(reason), true, node);
    } catch (error) {
      const cancellation = node.cancellation?.error;
      if (cancellation !== undefined && belongsTo(error, cancellation)) return undefined;
      if (reason === undefined) return { error };
      if (error !== reason) report(error, closingSource);
    }
    return undefined;
  }
}
