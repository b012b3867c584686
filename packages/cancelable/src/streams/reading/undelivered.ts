import type { Operation } from "../../operation/operation.ts";
import { currentNode } from "../../scope/ambient.ts";
import { PartialRecord } from "./partial-result.ts";

/** The number of items that a partial result keeps. */
const kept = 1_000;

/**
 * @internal Items that were pulled and that the reader did not get. They go to the callback, or else into the partial
 * result of the ambient operation, if it has none yet.
 */
export class Undelivered {
  readonly #callback: ((item: unknown) => void) | undefined;
  #operation: Operation | undefined;
  #record: PartialRecord | undefined;

  constructor(callback: ((item: unknown) => void) | undefined) {
    this.#callback = callback;
  }

  /** To be called in the scope in which the reading begins. */
  begin(): void {
    this.#operation = currentNode().operation as Operation | undefined; // the layers above set only operations
  }

  readonly add = (item: unknown): void => {
    if (this.#callback !== undefined) {
      this.#callback(item);
      return;
    }
    if (this.#operation === undefined) return;
    this.#record ??= new PartialRecord(kept);
    this.#record.add(item);
    this.#operation.context.partialResult ??= this.#record.view();
  };
}
