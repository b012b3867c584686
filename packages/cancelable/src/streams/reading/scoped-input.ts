import { captureContext } from "#platform/ambient";
import { belongsTo } from "../../errors.ts";
import { report } from "../../reporter.ts";
import { enter } from "../../scope/ambient.ts";
import { CancelScope } from "../../scope/cancel-scope.ts";
import type { SourceReader, StreamSource } from "./stream-input.ts";
import type { StreamNode } from "./stream-life.ts";

/** @internal What `next()` gives. */
export type Pulled = IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>>;

/** @internal Something that failed. */
export interface Failure {
  readonly error: unknown;
}

/**
 * @internal A source that runs in the scope of its stream. One async context is made for all its pulls: entering it is
 * what an item costs most.
 */
export class ScopedSource {
  readonly #node: StreamNode;
  readonly #inside: (fn: () => void) => void;
  #reader: SourceReader | undefined;
  #pulled: Pulled | undefined;
  /** Whether a pull is under way. */
  isPulling = false;

  constructor(node: StreamNode) {
    this.#node = node;
    this.#inside = enter(node, captureContext, undefined);
  }

  open(source: StreamSource): void {
    this.#inside(() => {
      this.#reader = source.open();
    });
  }

  readonly #pull = (): void => {
    this.#pulled = (this.#reader as SourceReader).next();
  };

  pull(): Pulled {
    this.#inside(this.#pull);
    const pulled = this.#pulled as Pulled;
    this.#pulled = undefined;
    return pulled;
  }

  /** Whether a pull fails with this because the source is being closed. */
  isOfClosing(error: unknown): boolean {
    return this.#reader?.isOfClosing?.(error) ?? false;
  }

  /** It came to its end, and needs no closing. */
  ended(): void {
    this.#reader?.ended?.();
  }

  /**
   * Closes it, out of reach of the cancellation, and waits for that as long as it makes sense (R4 of the
   * reader). What closing threw goes to the consumer if that left, and else to the reporter.
   *
   * @param reason `undefined`: the consumer left.
   */
  async close(
    reason: unknown,
  ): Promise<{ readonly isClosed: boolean; readonly failed: Failure | undefined }> {
    const closing = this.#close(reason);
    const { patience } = this.#node;
    if (!this.isPulling || !this.#reader?.queues || patience === Number.POSITIVE_INFINITY) {
      return { isClosed: true, failed: await closing };
    }
    return Promise.race([
      closing.then((failed) => ({ isClosed: true, failed })),
      this.#passed(patience, closing).then(() => ({ isClosed: false, failed: undefined })),
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

  /** Resolves after `ms`. */
  #passed(ms: number, until: Promise<unknown>): Promise<void> {
    const { clock } = this.#node;
    return new Promise((resolve) => {
      const alarm = clock.setAlarm(clock.now() + ms, resolve);
      void until.then(() => alarm[Symbol.dispose]());
    });
  }
}
