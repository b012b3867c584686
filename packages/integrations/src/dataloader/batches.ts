import { waitFor } from "@hother/cancelable";
import { singleFlight } from "@hother/cancelable/calls";
import type DataLoader from "dataloader";
import { Batch } from "./batch.ts";

/** As DataLoader does: a batch has the keys of one turn, also those that promises of this turn ask for. */
const schedule = (dispatch: () => void): void => {
  if (typeof process === "object" && typeof process.nextTick === "function")
    void Promise.resolve().then(() => process.nextTick(dispatch));
  else setTimeout(dispatch);
};

/** The batches of a loader. It sees the batches and the keys of DataLoader through the options that it gives to it. */
export class Batches<K, V, C> {
  readonly options: DataLoader.Options<K, V, C>;
  /** The batch of each key in the cache that has no value yet. */
  readonly #pending = new Map<C, Batch<K, V>>();
  readonly #cacheKeyOf: (key: K) => C;
  readonly #join: (batch: Batch<K, V>) => Promise<void>;
  /** The batch that DataLoader fills now. */
  #filled: Batch<K, V> | undefined;
  #dispatched: Batch<K, V> | undefined;
  /** Whether DataLoader has added the latest key to a batch. */
  #isAdded = false;

  constructor(load: DataLoader.BatchLoadFn<K, V>, options: DataLoader.Options<K, V, C> = {}) {
    const { cacheMap, batchScheduleFn = schedule, cacheKeyFn } = options;
    // The key itself is the key of the cache unless an option says otherwise.
    this.#cacheKeyOf = cacheKeyFn ?? ((key) => key as unknown as C);
    this.#join = singleFlight((batch) => batch.run(load), { key: (batch) => batch });
    this.options = { ...options, batchScheduleFn: (dispatch) => this.#schedule(batchScheduleFn, dispatch) };
    // A cache of a wrong type is left to DataLoader, which refuses it.
    if (options.cache !== false && (cacheMap === undefined || typeof cacheMap?.set === "function"))
      this.options.cacheMap = this.#observed(cacheMap ?? new Map<C, Promise<V>>());
  }

  /** The batch function of DataLoader. */
  readonly dispatch = (keys: readonly K[]): Promise<ArrayLike<V | Error>> =>
    // DataLoader calls this only in a scheduled dispatch.
    (this.#dispatched as Batch<K, V>).dispatch(keys);

  /** @param add Adds the key to a batch of DataLoader, or finds it in the cache. */
  async load(key: K, loader: DataLoader<K, V, C>, add: () => Promise<V>): Promise<V> {
    const cacheKey = this.#cacheKeyOf(key);
    // Its value will never come. Without a cache there is no such batch.
    if (this.#pending.get(cacheKey)?.isAbandoned) loader.clear(key);
    const isCached = this.options.cache !== false;
    this.#isAdded = !isCached;
    const value = add();
    value.catch(() => {});
    const batch = this.#isAdded ? this.#filled : this.#pending.get(cacheKey);
    if (batch === undefined) return waitFor(value);
    if (this.#isAdded && isCached) {
      this.#pending.set(cacheKey, batch);
      const remove = (): void => {
        if (this.#pending.get(cacheKey) === batch) this.#pending.delete(cacheKey);
      };
      batch.result.then(remove, remove);
    }
    await batch.wait(this.#join(batch));
    return value;
  }

  #schedule(scheduleFn: (dispatch: () => void) => void, dispatch: () => void): void {
    const batch = new Batch<K, V>();
    this.#filled = batch;
    scheduleFn(() => {
      this.#dispatched = batch;
      dispatch();
    });
  }

  /** A cache that sees when DataLoader adds a key. */
  #observed(cache: DataLoader.CacheMap<C, Promise<V>>): DataLoader.CacheMap<C, Promise<V>> {
    return {
      get: (key) => cache.get(key),
      set: (key, value) => {
        this.#isAdded = true;
        return cache.set(key, value);
      },
      delete: (key) => {
        this.#pending.delete(key);
        return cache.delete(key);
      },
      clear: () => {
        this.#pending.clear();
        return cache.clear();
      },
    };
  }
}
