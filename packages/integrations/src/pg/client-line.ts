import { currentScope, waitFor } from "@hother/cancelable";
import { cancelledStatement } from "../database/cancelled-statement.ts";
import { StatementNotSentError } from "../database/statement-not-sent.ts";
import type { RawClient } from "./raw-client.ts";

/**
 * The statements of one client, of which one runs at a time. pg itself would send the next statement as soon as the server
 * has answered the one before, and thus before the cancel request of that one has ended.
 */
export class ClientLine {
  #isTaken = false;
  readonly #waiting: Array<() => void> = [];
  #whenFree: Array<() => void> = [];

  /** Whether a statement of the client runs or waits. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** Takes the place of the running statement, if no other statement has it. */
  tryEnter(): boolean {
    if (this.#isTaken) return false;
    this.#isTaken = true;
    return true;
  }

  /** Waits for the place of the running statement, in the ambient scope. */
  async enter(): Promise<void> {
    if (this.tryEnter()) return;
    let take!: () => void;
    let isNext = false;
    const taken = new Promise<void>((resolve) => {
      take = () => {
        isNext = true;
        resolve();
      };
    });
    this.#waiting.push(take);
    try {
      await waitFor(taken);
    } catch (error) {
      if (isNext) this.leave();
      else this.#waiting.splice(this.#waiting.indexOf(take), 1);
      const { error: reason } = currentScope();
      if (reason === undefined) throw error;
      throw cancelledStatement(
        reason,
        new StatementNotSentError("the statement waited behind another one of its client, and was not sent"),
      );
    }
  }

  /** Gives the place to the next statement. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) return next();
    this.#isTaken = false;
    for (const tell of this.#whenFree.splice(0)) tell();
  }

  /** Calls `then` when no statement runs or waits, and at once if none does. */
  onceFree(then: () => void): void {
    if (this.#isTaken) this.#whenFree.push(then);
    else then();
  }
}

const lines = new WeakMap<RawClient, ClientLine>();

/** The line of a client, the same one for all wrappers of the client. */
export function lineOf(client: RawClient): ClientLine {
  let line = lines.get(client);
  if (line === undefined) lines.set(client, (line = new ClientLine()));
  return line;
}
