import { AnswerLostError } from "../database/redis/answer-lost.ts";
import { StatementNotSentError } from "../database/statement-not-sent.ts";
import type { Client } from "./ioredis.ts";

/** A pipeline or a transaction that was given to ioredis. */
export class SentPipeline {
  readonly answer: Promise<unknown>;
  readonly #client: Client;
  readonly #what: string;
  #settle!: { resolve(results: unknown): void; reject(error: unknown): void };
  #wasWritten = false;
  #hasEnded = false;

  constructor(client: Client, what: string) {
    this.#client = client;
    this.#what = what;
    this.answer = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  /** Whether the caller has got an outcome, so that the commands must not be sent any more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Its commands are given to the connection, or to the queue for the next one. */
  sending(): void {
    this.#wasWritten ||= this.#client.status === "ready";
  }

  end(): void {
    this.#hasEnded = true;
  }

  settle(outcome: Promise<unknown>): void {
    outcome.then(this.#settle.resolve, this.#settle.reject);
  }

  /** Takes the commands back if they are not on their way to the server. */
  withdraw(): boolean {
    if (this.#wasWritten && this.#client.status === "ready") return false;
    this.#hasEnded = true;
    this.#settle.reject(
      this.#wasWritten
        ? new AnswerLostError(`${this.#what} was sent on a connection that was lost, and is not sent again`)
        : new StatementNotSentError(`${this.#what} was not sent`),
    );
    return true;
  }
}
