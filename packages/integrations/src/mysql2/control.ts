import { Semaphore } from "@hother/cancelable";
import { type ConnectionOptions, createConnection } from "mysql2";
import { untilCancelled } from "../scope/until-cancelled.ts";
import { neededOptions } from "./control-options.ts";
import { connectionLost, errnoOf, isAnswer, noSuchThread } from "./error-codes.ts";
import type { RawConfig, RawConnection } from "./library.ts";

/** The most connections that send `KILL`, of one pool or connection. */
const maximum = 4;
/** A connection that has sent no `KILL` for this time in ms is closed, before a firewall forgets it. */
const idleTime = 10_000;

/**
 * The connections that stop statements of other connections: made when one is needed, used again, at most four, closed after
 * 10 s without use. They keep no process alive while they are not used.
 */
export class ControlConnections {
  readonly #options: () => ConnectionOptions;
  readonly #places = new Semaphore(maximum);
  readonly #idle: IdleConnection[] = [];
  #isClosed = false;

  /** @param own The options of the connections. Default: those of `config`, the connections of the user. */
  constructor(config: RawConfig, own?: ConnectionOptions) {
    this.#options = () => own ?? neededOptions(config);
  }

  /**
   * Sends `KILL` in the ambient scope, and waits for the answer. A cancellation closes the connection.
   *
   * @param isNeeded Asked right before the command is sent.
   * @param onUnanswered Called if the command was sent, and its answer will never come.
   */
  kill(
    what: "QUERY" | "CONNECTION",
    thread: number,
    isNeeded: () => boolean = () => true,
    onUnanswered: (error: Error) => void = () => {},
  ): Promise<void> {
    return this.#places.run(async () => {
      const connection = this.#idle.pop()?.use() ?? (await this.#connect());
      if (!isNeeded()) return this.#keep(connection);
      const unfollow = cutWhenCancelled(connection, `the answer to KILL ${what}`);
      const error = await new Promise<Error | null>((resolve) => {
        connection.query(`KILL ${what} ${thread}`, resolve);
      });
      unfollow();
      if (error === null || isAnswer(error)) this.#keep(connection);
      else {
        connection.destroy();
        onUnanswered(error);
      }
      if (error !== null && errnoOf(error) !== noSuchThread) throw error;
    });
  }

  /** Closes the connections. A later `KILL` makes a connection of its own. */
  close(): void {
    this.#isClosed = true;
    for (const idle of this.#idle.splice(0)) idle.end();
  }

  #keep(connection: RawConnection): void {
    const idle = new IdleConnection(connection, () => {
      const at = this.#idle.indexOf(idle);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    if (this.#isClosed) idle.end();
    else this.#idle.push(idle);
  }

  async #connect(): Promise<RawConnection> {
    // The connection of the library, of which its types show a part.
    const connection = createConnection(this.#options()) as unknown as RawConnection;
    const unfollow = cutWhenCancelled(connection, "a connection for KILL");
    try {
      await new Promise((resolve, reject) => {
        connection.once("connect", resolve);
        connection.on("error", reject); // stays: an error of an idle connection is of no interest
      });
    } finally {
      unfollow();
    }
    return connection;
  }
}

/** A connection that is not used at the moment. */
class IdleConnection {
  readonly #connection: RawConnection;
  readonly #timer: NodeJS.Timeout;
  readonly #leave: () => void;

  /** @param leave Called when the connection has ended. */
  constructor(connection: RawConnection, leave: () => void) {
    this.#connection = connection;
    this.#leave = leave;
    connection.once("error", leave).once("end", leave);
    this.#timer = setTimeout(() => this.end(), idleTime).unref();
    socketOf(connection).unref?.();
  }

  use(): RawConnection {
    this.#stop();
    socketOf(this.#connection).ref?.();
    return this.#connection;
  }

  end(): void {
    this.#stop();
    this.#leave();
    this.#connection.end();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#connection.off("error", this.#leave).off("end", this.#leave);
  }
}

/** A stream of the user need not have these methods of a socket. */
function socketOf(connection: RawConnection): { ref?(): unknown; unref?(): unknown } {
  return connection.stream as { ref?(): unknown; unref?(): unknown };
}

/** Breaks a connection off when the ambient scope is cancelled. */
function cutWhenCancelled(connection: RawConnection, what: string): () => void {
  return untilCancelled((reason) => {
    connection.stream.destroy(connectionLost(`${what} did not come in time`, reason));
  }, what);
}
