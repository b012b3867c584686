import { failAfter, report, shield, waitFor } from "@hother/cancelable";
import type { ControlConnections } from "./control.ts";
import { connectionLost } from "./error-codes.ts";
import type { RawConnection } from "./library.ts";

/** How the statements of a pool or a connection are stopped. */
export interface Access {
  readonly control: ControlConnections;
  /** In ms. */
  readonly cancelTimeout: number;
  readonly serverDeadline: boolean;
}

/** Gets the error of a connection that was lost. */
interface Pending {
  lost(error: Error): void;
}

/**
 * The state of one connection.
 * 1. While a `KILL` for the connection has no answer, no further command is sent on it.
 * 2. The connection goes back to its pool when none of its commands runs or waits, and no `KILL` for it is under way.
 */
export class Lane {
  readonly raw: RawConnection;
  readonly control: ControlConnections;
  /** In ms. */
  readonly cancelTimeout: number;
  /** Whether the server gets the ambient deadline as the limit of each statement. */
  readonly serverDeadline: boolean;
  readonly #pending = new Set<Pending>();
  #kills = 0;
  #isHeldBack = false;
  #isDirty = false;
  #isGivenBack = false;
  #whenIdle: (() => void) | undefined;

  constructor(raw: RawConnection, { control, cancelTimeout, serverDeadline }: Access) {
    this.raw = raw;
    this.control = control;
    this.cancelTimeout = cancelTimeout;
    this.serverDeadline = serverDeadline;
  }

  /** Whether the connection takes no further commands. */
  get isClosed(): boolean {
    // mysql2 puts another function in the place of its method then.
    return Object.hasOwn(this.raw, "addCommand");
  }

  /** Whether the next command must wait. */
  get isHeld(): boolean {
    return this.#kills > 0;
  }

  /** The command whose turn it is waits, and goes on when {@link isHeld} is false again. */
  holdBack(): void {
    this.#isHeldBack = true;
  }

  /** The next user of the connection must get no open transaction: a call of its user was cancelled. */
  markDirty(): void {
    this.#isDirty = true;
  }

  add(command: Pending): void {
    if (this.#pending.size === 0) this.raw.on("error", this.#onError);
    this.#pending.add(command);
  }

  remove(command: Pending): void {
    if (!this.#pending.delete(command) || this.#pending.size > 0) return;
    this.raw.off("error", this.#onError);
    this.#lookIdle();
  }

  /**
   * Stops the command that runs on the connection.
   *
   * @param isNeeded Whether the command still runs.
   */
  async kill(isNeeded: () => boolean): Promise<void> {
    this.#isDirty = true;
    this.#kills++;
    try {
      await this.control.kill("QUERY", this.raw.threadId, isNeeded, (error) =>
        // This KILL can still be on its way.
        this.destroy(connectionLost("The answer to KILL QUERY did not come", error)),
      );
    } finally {
      this.#kills--;
      this.#goOn();
    }
  }

  /** Gives the connection back to its pool, when it can be used there. */
  release(): void {
    if (this.#isGivenBack) return;
    if (this.#isIdle && !this.#isDirty) return this.raw.release?.();
    this.#isGivenBack = true;
    shield(() => this.#giveBack()).catch((error: unknown) => report(error, "a connection of mysql2"));
  }

  /** Destroys the connection. Its commands get `error`: mysql2 itself would leave them pending. */
  destroy(error: Error): void {
    this.raw.destroy();
    if (this.#pending.size === 0) return;
    const pending = [...this.#pending];
    this.raw.once("error", () => {}); // the commands have got it
    this.raw.stream.destroy(error);
    for (const command of pending) command.lost(error);
  }

  /** Destroys the connection for its user, and stops what it runs on the server. */
  destroyByUser(): void {
    const { raw } = this;
    const isRunning = this.#pending.size > 0;
    this.destroy(connectionLost("The connection was destroyed while the call ran"));
    if (!isRunning) return;
    shield(() => failAfter(this.cancelTimeout, () => this.control.kill("CONNECTION", raw.threadId))).catch(
      (error: unknown) => report(error, "the end of a statement of a connection that was destroyed"),
    );
  }

  get #isIdle(): boolean {
    return this.#pending.size === 0 && this.#kills === 0;
  }

  // A field, because the listener must be the same one for its removal.
  readonly #onError = (error: Error): void => {
    for (const command of [...this.#pending]) command.lost(error);
  };

  #goOn(): void {
    if (this.#kills > 0) return;
    this.#lookIdle();
    if (!this.#isHeldBack) return;
    this.#isHeldBack = false;
    if (!this.isClosed) this.raw.handlePacket();
  }

  #lookIdle(): void {
    if (!this.#isIdle) return;
    this.#whenIdle?.();
    this.#whenIdle = undefined;
  }

  async #giveBack(): Promise<void> {
    const { raw } = this;
    if (!this.#isIdle)
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    try {
      if (this.#isDirty && !this.isClosed) {
        const rolledBack = new Promise<void>((resolve, reject) => {
          raw.query("ROLLBACK", (error) => (error ? reject(error) : resolve()));
        });
        await failAfter(this.cancelTimeout, () => waitFor(rolledBack));
      }
    } catch (error) {
      raw.once("error", () => {}); // reported here
      raw.destroy();
      raw.stream.destroy();
      report(error, "the rollback before a connection of mysql2 goes back to its pool");
    } finally {
      this.#isDirty = false;
      this.#isGivenBack = false;
    }
    raw.release?.();
  }
}
