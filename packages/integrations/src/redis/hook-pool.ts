import { bind, currentScope } from "@hother/cancelable";
import { cancelledStatement } from "../database/cancelled-statement.ts";
import { StatementNotSentError } from "../database/statement-not-sent.ts";
import { untilCancelled } from "../scope/until-cancelled.ts";
import type { Control } from "./control.ts";
import { hookClient, isHooked, markHooked } from "./hook-client.ts";
import { type ClientCore, type ClientLike, coreOf, type PoolCore } from "./node-redis.ts";

/** Lets all commands of a pool follow the scope in which they are called, the wait for a client included. */
export function hookPool(core: PoolCore, control: Control, cancelTimeout: number): void {
  markHooked(core);
  const { execute } = core;
  core.execute = function <T>(this: PoolCore, fn: (client: ClientLike) => T | Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      currentScope().check();
      let hasLeft = false;
      const unfollow = untilCancelled((reason) => {
        hasLeft = true;
        const cause = new StatementNotSentError(
          "the call waited for a client of the pool, and nothing was sent",
        );
        reject(cancelledStatement(reason, cause));
      }, "the wait for a client of a pool");
      // The pool calls it in the context of the call before.
      const use = bind((client: ClientLike): T | Promise<T> | undefined => {
        if (hasLeft) return undefined; // the client goes back
        unfollow();
        const own = coreOf(client) as ClientCore; // the pool makes its clients with node-redis
        if (!isHooked(own)) hookClient(own, control, cancelTimeout);
        return fn(client);
      });
      // No caller waits for the value of a call that has left.
      (execute.call(this, use) as Promise<T>).then(resolve, reject).finally(unfollow);
    });
  };
}
