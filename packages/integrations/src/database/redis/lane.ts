import { bind } from "@hother/cancelable";
import { untilCancelled } from "../../scope/until-cancelled.ts";
import { cancelledStatement } from "../cancelled-statement.ts";
import { StatementNotSentError } from "../statement-not-sent.ts";

/**
 * The order of the commands of one connection.
 * 1. Commands are given to the client in the order of their calls.
 * 2. Until a blocking command and the request to end it have both ended, no later command is given to the client. So a request
 *    that comes late hits no other blocking command.
 * 3. A command that waits here is never sent after its cancellation.
 */
export class Lane {
  #isBlocked = false;
  #waiting: (() => void)[] = [];

  /** @param blocks Whether the command can block. @param start Gives it to the client. @param what The command, for the reporter. */
  run<T>(blocks: boolean, start: () => Promise<T>, what: string): Promise<T> {
    if (!this.#isBlocked) return this.#begin(blocks, start);
    return new Promise<T>((resolve, reject) => {
      const begin = bind(() => {
        unfollow();
        this.#begin(blocks, start).then(resolve, reject);
      });
      const unfollow = untilCancelled((reason) => {
        this.#waiting = this.#waiting.filter((other) => other !== begin);
        const cause = new StatementNotSentError(`${what} waited behind a blocking command, and was not sent`);
        reject(cancelledStatement(reason, cause));
      }, what);
      this.#waiting.push(begin);
    });
  }

  #begin<T>(blocks: boolean, start: () => Promise<T>): Promise<T> {
    if (!blocks) return start();
    this.#isBlocked = true;
    return start().finally(() => {
      this.#isBlocked = false;
      while (!this.#isBlocked) {
        const next = this.#waiting.shift();
        if (next === undefined) return;
        next();
      }
    });
  }
}
