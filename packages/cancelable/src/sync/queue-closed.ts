/**
 * The queue or broadcast is closed. After a close by the sender, `get` rejects when the queue is empty as well. After a close
 * by the receiver, `get` rejects at once.
 */
export class QueueClosedError extends Error {
  readonly code = "ERR_CLOSED";
  readonly by: "sender" | "receiver";
  constructor(by: "sender" | "receiver", what: "queue" | "broadcast" = "queue") {
    super(`The ${what} was closed by its ${by}`);
    this.name = "QueueClosedError";
    this.by = by;
  }
}

/** @internal Yields the items until the sending end is closed and the queue is empty. */
export async function* untilClosed<T>(from: { get(): Promise<T> }): AsyncGenerator<T, void, undefined> {
  for (;;) {
    let item: T;
    try {
      item = await from.get();
    } catch (error) {
      if (error instanceof QueueClosedError && error.by === "sender") return;
      throw error;
    }
    yield item;
  }
}
