import { currentScope } from "@hother/cancelable";
import DataLoader from "dataloader";
import { Batches } from "./batches.ts";

/**
 * A `DataLoader` whose batches belong to all their callers. Each caller leaves alone: `load` rejects with the error of the
 * caller's scope as soon as this scope is cancelled, and the batch goes on for the others. When the last caller has left, the
 * batch is cancelled, and its keys leave the cache. A batch has the latest deadline of its callers, and runs below none of them. The
 * options and the cache are those of DataLoader.
 *
 * A batch that loads one of its own keys would wait for itself: UsageError `ERR_WAITS_FOR_ITSELF`.
 *
 * @example
 * ```ts
 * import { all, moveOnAfter, sleep } from "@hother/cancelable";
 * import { CancellableDataLoader } from "@hother/cancelable-integrations/dataloader";
 *
 * const loader = new CancellableDataLoader(async (keys: readonly number[]) => {
 *   await sleep(30); // the query: ends when no caller waits for it
 *   return keys.map((key) => `row ${key}`);
 * });
 * const rows = await all([
 *   () => moveOnAfter(5, () => loader.load(1)), // the first caller gives up
 *   () => loader.load(2),
 * ]);
 * console.assert(rows[0] === undefined && rows[1] === "row 2");
 * ```
 */
export class CancellableDataLoader<K, V, C = K> extends DataLoader<K, V, C> {
  readonly #batches: Batches<K, V, C>;

  /** @param batch Gets the keys of a batch, and resolves with a value or an `Error` for each. */
  constructor(batch: DataLoader.BatchLoadFn<K, V>, options?: DataLoader.Options<K, V, C>) {
    const batches = new Batches(batch, options);
    // DataLoader refuses what is no function.
    super(typeof batch === "function" ? batches.dispatch : batch, batches.options);
    this.#batches = batches;
  }

  /** As in DataLoader. Rejects with the error of the ambient scope when this scope is cancelled. */
  override load(key: K): Promise<V> {
    const { error } = currentScope();
    return error === undefined ? this.#batches.load(key, this, () => super.load(key)) : Promise.reject(error);
  }

  /** Throws the cancellation of the caller's scope. Every other error is an element of the result, as in DataLoader. */
  override async loadMany(keys: ArrayLike<K>): Promise<Array<V | Error>> {
    const scope = currentScope();
    const values = await super.loadMany(keys);
    if (scope.error !== undefined && values.includes(scope.error)) throw scope.error;
    return values;
  }
}
