/** The options of a `Queue`. They hold for the life of the queue. */
export interface QueueOptions<T = unknown> {
  /**
   * The rule for an item that finds the queue full. `"wait"`: `put` waits for room. `"drop-oldest"`: the first item of the
   * queue is dropped. `"drop-newest"`: the new item is dropped. `"refuse"`: `put` rejects with a `UsageError`
   * `ERR_WOULD_BLOCK`. Default: `"wait"`.
   */
  readonly overflow?: "wait" | "drop-oldest" | "drop-newest" | "refuse" | undefined;
  /**
   * Called once for each item that was accepted and that no `get` will return: it was dropped by the rule (`"overflow"`)
   * or by `closeReceiving` (`"closed"`). The item is out of the queue before the call. Default: none.
   */
  readonly onUndelivered?: ((item: T, why: "overflow" | "closed") => unknown) | undefined;
}
