import type { ClientCore } from "./node-redis.ts";

/** A client whose blocking commands can be ended. */
export interface ControlledClient {
  readonly core: ClientCore;
  /** A copy of the client whose commands follow no scope. */
  plainCopy(overrides: object): ClientCore;
}

/**
 * The connection over which the blocking commands of a client, or of the clients of a pool, are ended. It is opened with the
 * first blocking command, so that a cancellation need not wait for it, and closed when the last of these clients has ended. It
 * keeps no process open.
 */
export class Control {
  readonly #users = new Set<ControlledClient>();
  #connection: Promise<ClientCore> | undefined = undefined;

  /** The client sends a blocking command now. */
  prepare(client: ControlledClient): void {
    if (!this.#users.has(client)) {
      this.#users.add(client);
      client.core.once("end", () => {
        this.#users.delete(client);
        if (this.#users.size === 0) this.#close();
      });
    }
    // `unblock` tells its caller about an error.
    this.#connect(client).catch(() => {});
  }

  async unblock(client: ControlledClient, id: string): Promise<unknown> {
    const connection = await this.#connect(client);
    return connection.sendCommand(["CLIENT", "UNBLOCK", id, "ERROR"]);
  }

  #connect(client: ControlledClient): Promise<ClientCore> {
    if (this.#connection !== undefined) return this.#connection;
    const forget = (): void => {
      if (this.#connection === opening) this.#connection = undefined;
    };
    // Not at once, because `forget` compares with it.
    const opening = Promise.resolve().then(() => this.#open(client, forget));
    this.#connection = opening;
    opening.catch(forget);
    return opening;
  }

  async #open(client: ControlledClient, forget: () => void): Promise<ClientCore> {
    const connection = client.plainCopy({
      socket: { ...client.core.options.socket, reconnectStrategy: false },
      clientSideCache: undefined,
      emitInvalidate: false,
      pingInterval: undefined,
    });
    // A command that is under way fails as well, and the next one opens another connection.
    connection.on("error", forget);
    connection.on("end", forget);
    connection.unref();
    await connection.connect();
    return connection;
  }

  #close(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.then(
      (client) => client.destroy(),
      () => {}, // it was not opened
    );
  }
}
