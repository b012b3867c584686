import { AsyncEvent, type Cancellable } from "@hother/cancelable";
import { requestsOf } from "../http/connections.ts";

/** The requests of a server that have not ended, from the first look at them on. */
export class RunningRequests {
  readonly #server: object;
  readonly #running = new Set<Cancellable>();
  readonly #seen = new WeakSet<Cancellable>();
  readonly #whenChanged: () => void;
  readonly counts = { finished: 0, cancelled: 0 };
  #none = new AsyncEvent();

  /** @param whenChanged Is called after the end of each request. */
  constructor(server: object, whenChanged: () => void) {
    this.#server = server;
    this.#whenChanged = whenChanged;
    this.look();
  }

  get size(): number {
    return this.#running.size;
  }

  /** Looks for requests that have arrived meanwhile. */
  look(): void {
    for (const operation of requestsOf(this.#server)) this.add(operation);
  }

  /** A request has arrived. */
  add(operation: Cancellable): void {
    if (this.#seen.has(operation) || operation.hasEnded) return;
    this.#seen.add(operation);
    this.#running.add(operation);
    operation.observe({
      started() {},
      progress() {},
      cancelling() {},
      ended: () => this.#ended(operation),
    });
  }

  #ended(operation: Cancellable): void {
    this.#running.delete(operation);
    if (operation.status === "cancelled") this.counts.cancelled++;
    else this.counts.finished++;
    if (this.#running.size === 0) {
      this.#none.set();
      this.#none = new AsyncEvent();
    }
    this.#whenChanged();
  }

  cancel(): void {
    this.look();
    for (const operation of this.#running) operation.cancel("shutdown", "the server is shutting down");
  }

  /** Waits until no request runs. */
  async empty(): Promise<void> {
    for (this.look(); this.#running.size > 0; this.look()) await this.#none.wait();
  }
}
