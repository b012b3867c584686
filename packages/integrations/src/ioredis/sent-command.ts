import { AnswerLostError } from "../database/redis/answer-lost.ts";
import { StatementNotSentError } from "../database/statement-not-sent.ts";
import type { Client, Command } from "./ioredis.ts";

/** A command that was given to ioredis, which can send it several times: ioredis sends it again after a reconnect. */
export class SentCommand {
  readonly command: Command;
  readonly what: string;
  /** The answer, or the error. */
  readonly answer: Promise<unknown>;
  /** Called before each time that the command is sent. */
  onSend: (() => void) | undefined = undefined;
  readonly #client: Client;
  #wasWritten = false;
  #hasEnded = false;
  #settle!: { resolve(reply: unknown): void; reject(error: unknown): void };
  readonly #own: Pick<Command, "resolve" | "reject">;

  constructor(command: Command, client: Client) {
    this.command = command;
    this.#client = client;
    this.what = command.name.toUpperCase();
    this.answer = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#own = { resolve: command.resolve.bind(command), reject: command.reject.bind(command) };
    const write = command.toWritable;
    Object.assign(command, {
      ...this.#settle,
      toWritable: (stream: unknown) => {
        this.#wasWritten = true;
        return write.call(command, stream);
      },
    });
  }

  /** Settles the promise that the caller has got. */
  settle(outcome: Promise<unknown>): void {
    const restore = (): void => {
      this.#hasEnded = true;
      Object.assign(this.command, this.#own);
    };
    // `resolve` of ioredis calls `reject` for an answer that it cannot convert.
    outcome.finally(restore).then(this.#own.resolve, this.#own.reject);
  }

  /** Whether the caller has got an outcome, so that the command must not be sent any more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Takes the command back if it is not on its way to the server. */
  withdraw(): boolean {
    if (this.#wasWritten && this.#client.status === "ready") return false;
    this.#hasEnded = true;
    this.#settle.reject(
      this.#wasWritten
        ? new AnswerLostError(`${this.what} was sent on a connection that was lost, and is not sent again`)
        : new StatementNotSentError(`${this.what} was not sent`),
    );
    return true;
  }
}
