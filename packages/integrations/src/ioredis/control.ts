import type { Client } from "./ioredis.ts";

/**
 * The connection over which the blocking commands of a client are ended. It is opened with the first blocking command, so that
 * a cancellation need not wait for it, and closed when the client has ended. It keeps no process open.
 */
export class Control {
  /** A copy of the client whose commands follow no scope. */
  readonly #copy: (overrides: object) => Client;
  #opening: Promise<Client> | undefined = undefined;

  constructor(copy: (overrides: object) => Client) {
    this.#copy = copy;
  }

  /** A blocking command is sent now. */
  prepare(): void {
    // `unblock` tells its caller about an error.
    this.#connect().catch(() => {});
  }

  async unblock(id: string): Promise<unknown> {
    const connection = await this.#connect();
    return connection.client("UNBLOCK", id, "ERROR");
  }

  close(): void {
    this.#opening?.then(
      (connection) => connection.disconnect(),
      () => {}, // it was not opened
    );
    this.#opening = undefined;
  }

  #connect(): Promise<Client> {
    if (this.#opening !== undefined) return this.#opening;
    const forget = (): void => {
      if (this.#opening === opening) this.#opening = undefined;
    };
    // Not at once, because `forget` compares with it.
    const opening = Promise.resolve().then(() => this.#open(forget));
    this.#opening = opening;
    opening.catch(forget);
    return opening;
  }

  async #open(forget: () => void): Promise<Client> {
    const connection = this.#copy({
      lazyConnect: true,
      enableReadyCheck: false,
      retryStrategy: () => null,
      monitor: false,
    });
    // A command that is under way fails as well, and the next one opens another connection.
    connection.on("error", forget);
    connection.on("end", forget);
    await connection.connect();
    connection.stream?.unref?.();
    return connection;
  }
}
