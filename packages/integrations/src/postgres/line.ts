import { currentScope, waitFor } from "@hother/cancelable";
import { cancelledStatement } from "../database/cancelled-statement.ts";
import { StatementNotSentError } from "../database/statement-not-sent.ts";
import type { Lease } from "./lease.ts";
import type { Place } from "./run-query.ts";

/**
 * The statements of one connection, one after the other: a statement is sent when those before it and their requests to
 * cancel have ended. A statement that waits leaves the line when its scope is cancelled.
 */
export class Line implements Place {
  readonly #lease: Lease;
  readonly #waiting: (() => void)[] = [];
  #isBusy = false;
  /** Why no statement is sent any more. */
  #end: unknown;

  constructor(lease: Lease) {
    this.#lease = lease;
  }

  async enter(): Promise<Lease> {
    currentScope().check();
    if (this.#isBusy) await this.#turn();
    if (this.#end !== undefined) {
      this.#next();
      throw this.#end;
    }
    this.#isBusy = true;
    return this.#lease;
  }

  leave(_lease: Lease, ready: Promise<void>): void {
    void ready.then(() => this.#next());
  }

  /** From now on statements reject with `error`. */
  close(error: unknown): void {
    this.#end ??= error;
    this.#next();
  }

  #next(): void {
    this.#isBusy = false;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#isBusy = true;
    next();
  }

  async #turn(): Promise<void> {
    let enter!: () => void;
    const turn = new Promise<void>((resolve) => {
      enter = resolve;
    });
    this.#waiting.push(enter);
    try {
      await waitFor(turn);
    } catch (error) {
      const place = this.#waiting.indexOf(enter);
      if (place === -1) this.#next();
      else this.#waiting.splice(place, 1);
      const { error: reason } = currentScope();
      if (reason === undefined || error !== reason) throw error;
      throw cancelledStatement(
        reason,
        new StatementNotSentError(
          "the call waited behind another statement of its connection, and sent nothing",
        ),
      );
    }
  }
}
