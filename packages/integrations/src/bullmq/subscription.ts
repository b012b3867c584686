import { report, UsageError } from "@hother/cancelable";
import type { RedisClient } from "bullmq";

/** The members of a client of ioredis that the interface of BullMQ does not name. */
interface Subscriber {
  subscribe(channel: string): Promise<unknown>;
  on(event: "message", listener: (channel: string, text: string) => void): unknown;
  on(event: "ready" | "error", listener: (error?: unknown) => void): unknown;
  readonly stream?: { unref?(): void } | undefined;
  disconnect(): void;
}

/**
 * A subscription on a connection of its own, a copy of that of a queue or a worker. It keeps no process open, and ends with that
 * connection. ioredis subscribes again after a reconnect.
 */
export class Subscription {
  /** Settles when the server has taken the subscription. */
  readonly ready: Promise<void>;
  #connection: Subscriber | undefined = undefined;
  #isClosed = false;

  /** @param again Is called after a reconnect: messages can have been missed. */
  constructor(
    client: Promise<RedisClient>,
    channel: string,
    receive: (text: string) => void,
    again: () => void = () => {},
  ) {
    this.ready = client.then((main) => this.#open(main, channel, receive, again));
    this.ready.catch(() => {}); // the callers wait for it
  }

  close(): void {
    this.#isClosed = true;
    this.#connection?.disconnect();
  }

  async #open(
    main: RedisClient,
    channel: string,
    receive: (text: string) => void,
    again: () => void,
  ): Promise<void> {
    const connection = main.duplicate({
      connectionName: "cancelable",
      enableOfflineQueue: true,
    }) as unknown as Partial<Subscriber>;
    if (typeof connection.subscribe !== "function") {
      connection.disconnect?.();
      throw new UsageError(
        "ERR_UNSUPPORTED_HOST",
        "The cancellation of jobs over a client that is not of ioredis",
      );
    }
    const subscriber = connection as Subscriber; // a client of ioredis
    this.#connection = subscriber;
    let isFirst = true;
    subscriber.on("error", (error) => {
      if (!this.#isClosed) report(error, "the connection for the cancellation of jobs");
    });
    subscriber.on("message", (_channel, text) => receive(text));
    subscriber.on("ready", () => {
      subscriber.stream?.unref?.();
      if (!isFirst) again();
      isFirst = false;
    });
    main.once("end", () => this.close());
    try {
      await subscriber.subscribe(channel);
    } catch (error) {
      this.close(); // ioredis would connect again for ever
      throw error;
    }
    if (this.#isClosed) subscriber.disconnect();
  }
}
