import { currentScope } from "@hother/cancelable";
import type { ClientSession, TransactionOptions } from "mongodb";
import { remainingTime } from "./command.ts";

/**
 * Lets the transactions of a session see the ambient scope. The body of a transaction is not called in a cancelled scope, and
 * a transaction whose scope was cancelled during the body is aborted. The commands that abort a transaction and end a
 * session are always sent.
 */
export function bindSession(session: ClientSession): ClientSession {
  const { startTransaction, commitTransaction, withTransaction } = session;
  let bodies = 0;
  const overrides: Pick<ClientSession, "startTransaction" | "commitTransaction" | "withTransaction"> = {
    startTransaction(options?: TransactionOptions): void {
      const limit =
        options?.maxCommitTimeMS === undefined &&
        session.defaultTransactionOptions.maxCommitTimeMS === undefined
          ? remainingTime()
          : undefined;
      const all = limit === undefined ? options : { ...options, maxCommitTimeMS: limit };
      startTransaction.call(session, all);
    },
    async commitTransaction(options) {
      // withTransaction looks at the scope itself, because it expects errors of the driver from this method.
      if (bodies === 0) currentScope().check();
      return commitTransaction.call(session, options);
    },
    async withTransaction<T>(
      body: (session: ClientSession) => Promise<T>,
      options?: TransactionOptions,
    ): Promise<T> {
      const scope = currentScope();
      scope.check();
      bodies++;
      try {
        const run = async (given: ClientSession): Promise<T> => {
          scope.check();
          const value = await body(given);
          scope.check();
          return value;
        };
        return await (withTransaction<T>).call(session, run, options);
      } finally {
        bodies--;
      }
    },
  };
  return Object.assign(session, overrides);
}
