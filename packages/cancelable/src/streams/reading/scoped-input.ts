import { captureContext } from "#platform/ambient";
import { belongsTo } from "../../absorb.ts";
import { report } from "../../reporter.ts";
import { enter } from "../../scope/ambient.ts";
import { CancelScope } from "../../scope/cancel-scope.ts";
import type { InputReader, OpenableInput } from "./input-reader.ts";
import type { StreamNode } from "./stream-node.ts";

/** @internal The result of a pull. */
export type Pulled = IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>>;

/** @internal An error, wrapped, because `undefined` can be thrown too. */
export interface Failure {
  readonly error: unknown;
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

  /** The input came to its end and needs no closing. */
  ended(): void {
    this.#reader?.ended?.();
  }

  /**
   * Closes the input in a shield, and waits at most for the `closeTimeout` of the node (R4 of the reader). If the
   * consumer stopped reading, an error of the closing is returned; otherwise it goes to the reporter.
   *
   * @param reason `undefined` when the consumer stopped reading.
   */
  async close(
    reason: unknown,
  ): Promise<{ readonly isClosed: boolean; readonly failure: Failure | undefined }> {
    const closing = this.#close(reason);
    const { closeTimeout } = this.#node;
    if (!this.isPulling || !this.#reader?.closeWaits || closeTimeout === Number.POSITIVE_INFINITY) {
      return { isClosed: true, failure: await closing };
    }
    return Promise.race([
      closing.then((failure) => ({ isClosed: true, failure })),
      this.#delay(closeTimeout, closing).then(() => ({ isClosed: false, failure: undefined })),
    ]);
  }

  async #close(reason: unknown): Promise<Failure | undefined> {
    const node = this.#node;
    const reader = this.#reader;
    if (reader === undefined) return undefined;
    try {
      await new CancelScope({ shield: true }, node.clock).execute(() => reader.close(reason), true, node);
    } catch (error) {
      const cancellation = node.cancellation?.error;
      if (cancellation !== undefined && belongsTo(error, cancellation)) return undefined;
      if (reason === undefined) return { error };
      if (error !== reason) report(error, "closing the source of a stream");
    }
    return undefined;
  }

  /** Resolves after `ms`. The alarm is removed when `until` settles first. */
  #delay(ms: number, until: Promise<unknown>): Promise<void> {
    const { clock } = this.#node;
    return new Promise((resolve) => {
      const alarm = clock.setAlarm(clock.now() + ms, resolve);
      void until.then(() => alarm[Symbol.dispose]());
    });
  }
}
