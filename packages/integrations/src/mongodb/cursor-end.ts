import { report, shield, waitFor } from "@hother/cancelable";

/** How long a cancelled read waits until the server has closed the cursor, in ms. Then its connection is closed. */
const closeTimeout = 1_000;

/** The used members of a cursor or a change stream. */
interface Closable {
  close(): Promise<void>;
}

/** The early end of a cursor or a change stream. */
export class CursorEnd {
  readonly #controller = new AbortController();
  #ending: { readonly reason: unknown; readonly done: Promise<void> } | undefined;

  /** Aborted when the connection of a command in flight is to be closed. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the cursor was ended, and why. */
  get ended(): { readonly reason: unknown } | undefined {
    return this.#ending;
  }

  /**
   * Closes the cursor on the server, which ends a read in flight. The driver cannot do this after it has closed the
   * connection of the read: its session is over then. The connection is closed if there is no cursor on the server yet, and if
   * the server does not answer in time.
   *
   * @returns when the cursor is closed. Never rejects.
   */
  end(target: Closable, isOpen: boolean, reason: unknown): Promise<void> {
    this.#ending ??= { reason, done: this.#close(target, isOpen, reason) };
    return this.#ending.done;
  }

  async #close(target: Closable, isOpen: boolean, reason: unknown): Promise<void> {
    if (!isOpen) this.#controller.abort(reason);
    const closing = target.close().catch((error: unknown) => report(error, "closing a cursor of MongoDB"));
    await shield(() => waitFor(closing), { timeout: closeTimeout }).catch(() => {});
    this.#controller.abort(reason);
  }
}

/**
 * Lets a read for further documents (`getMore`) end with `signal`. The driver gives its signal to the first command only; it
 * takes the other options of all commands from this field.
 */
export function cutReads(cursor: unknown, signal: AbortSignal): void {
  const { cursorOptions } = (cursor ?? {}) as { readonly cursorOptions?: { signal?: AbortSignal } };
  if (typeof cursorOptions === "object") cursorOptions.signal = signal;
}
