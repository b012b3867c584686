import { StatementNotSentError } from "../database/statement-not-sent.ts";
import { isAborted } from "./node-redis.ts";

/** A signal with which node-redis can be told to take a command back that it has not sent. */
export class Withdrawal {
  readonly #controller = new AbortController();
  readonly #own: AbortSignal | undefined;
  readonly #follow = (): void => this.#controller.abort();
  #isWanted = false;

  /** @param own The signal that the caller has given to the command. */
  constructor(own: AbortSignal | undefined) {
    this.#own = own;
    if (own?.aborted) this.#controller.abort();
    else own?.addEventListener("abort", this.#follow, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  withdraw(): void {
    this.#isWanted = true;
    this.#controller.abort();
  }

  /** Waits for the answer to a command that was given to node-redis with the signal. */
  async answer(answer: Promise<unknown>, what: string): Promise<unknown> {
    try {
      return await answer;
    } catch (error) {
      if (this.#isWanted && isAborted(error))
        throw new StatementNotSentError(`${what} was not sent`, { cause: error });
      throw error;
    } finally {
      this.#own?.removeEventListener("abort", this.#follow);
    }
  }
}
