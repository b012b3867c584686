import { belongsTo } from "../../absorb.ts";
import { isThenable } from "../../arguments.ts";
import type { Operation } from "../../operation/operation.ts";
import { report } from "../../reporter.ts";
import { enter } from "../../scope/ambient.ts";
import { PartialRecord, type PartialResult } from "./partial-result.ts";
import type { StreamNode } from "./stream-node.ts";

/** A callback that gets the number of items so far and the latest item. */
export type StreamProgress<T> = (count: number, item: T) => unknown;

/** @internal Records the items of a stream: the partial result, the progress reports and the `onProgress` calls. */
export class ItemLog {
  readonly #partial: PartialRecord;
  readonly #onProgress: StreamProgress<unknown> | undefined;
  /** Every how many items a report is due. 0: never. */
  readonly #every: number;
  readonly #reports: boolean;
  #operation: Operation | undefined;
  #node: StreamNode | undefined;
  /** The async callbacks in progress. */
  readonly #running = new Set<Promise<void>>();

  constructor(limit: number, every: number | undefined, onProgress: StreamProgress<unknown> | undefined) {
    this.#partial = new PartialRecord(limit);
    this.#onProgress = onProgress;
    this.#every = every ?? (onProgress === undefined ? 0 : 1);
    this.#reports = every !== undefined;
  }

  get partial(): PartialResult {
    return this.#partial.snapshot();
  }

  begin(operation: Operation | undefined, node: StreamNode): void {
    this.#operation = operation;
    this.#node = node;
    this.#showPartial();
  }

  add(item: unknown): void {
    const partial = this.#partial;
    partial.add(item);
    const { count } = partial;
    if (count === 1) this.#showPartial();
    if (this.#every !== 0 && count % this.#every === 0) this.#report(count, item);
  }

  complete(): void {
    this.#partial.completed = true;
  }

  #showPartial(): void {
    if (this.#operation !== undefined && this.#partial.isShown) {
      this.#operation.context.partialResult = this.#partial.view();
    }
  }

  #report(count: number, item: unknown): void {
    if (this.#reports) {
      this.#operation?.reportProgress(`Processed ${count} items`, { count, latestItem: item });
    }
    if (this.#onProgress === undefined) return;
    const node = this.#node as StreamNode;
    try {
      const result = enter(node, (callback) => callback(count, item), this.#onProgress);
      if (!isThenable(result)) return;
      const running = Promise.resolve(result).then(
        () => void this.#running.delete(running),
        (error: unknown) => {
          this.#running.delete(running);
          this.#failed(error);
        },
      );
      this.#running.add(running);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Reports the error of a callback. The cancellation of the stream is not an error of the callback. */
  #failed(error: unknown): void {
    const cancellation = this.#node?.cancellation?.error;
    if (cancellation !== undefined && belongsTo(error, cancellation)) return;
    report(error, "the onProgress callback of a stream");
  }

  /** Resolves when no callback is in progress. */
  async settled(): Promise<void> {
    if (this.#running.size > 0) await Promise.all(this.#running);
  }
}
