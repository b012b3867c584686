import { currentScope, isCancellation, waitFor } from "@hother/cancelable";

/** The keys that one call of the batch function gets, and the callers that wait for them. */
export class Batch<K, V> {
  /** The result for DataLoader. */
  readonly result: Promise<ArrayLike<V | Error>>;
  isDispatched = false;
  #resolve!: (values: ArrayLike<V | Error>) => void;
  #reject!: (error: unknown) => void;
  readonly #keys: Promise<readonly K[]>;
  #setKeys!: (keys: readonly K[]) => void;
  #waiting = 0;

  constructor() {
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // It can reject before DataLoader gets it.
    this.result.catch(() => {});
    this.#keys = new Promise((resolve) => {
      this.#setKeys = resolve;
    });
  }

  /** Whether all callers have left a batch that can take no further one. */
  get isAbandoned(): boolean {
    return this.isDispatched && this.#waiting === 0;
  }

  /** DataLoader has collected the keys. */
  dispatch(keys: readonly K[]): Promise<ArrayLike<V | Error>> {
    this.isDispatched = true;
    this.#setKeys(keys);
    if (this.#waiting === 0) this.#reject(new Error("no caller waits for this batch"));
    return this.result;
  }

  /** Runs the batch. After a cancellation it can run once more, for a caller that came meanwhile. */
  async run(load: (keys: readonly K[]) => PromiseLike<ArrayLike<V | Error>>): Promise<void> {
    const scope = currentScope();
    const keys = await waitFor(this.#keys);
    try {
      this.#resolve(await load(keys));
    } catch (error) {
      // The last caller that leaves rejects a cancelled batch.
      if (!isCancellation(error, scope)) this.#reject(error);
      throw error;
    }
  }

  /** Waits for a run of the batch as one of its callers. */
  async wait(run: Promise<void>): Promise<void> {
    this.#waiting++;
    try {
      await run;
    } catch (error) {
      if (this.isDispatched && this.#waiting === 1) this.#reject(error);
      throw error;
    } finally {
      this.#waiting--;
    }
  }
}
