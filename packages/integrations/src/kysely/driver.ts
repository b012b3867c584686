import { currentScope, report, shield, waitFor } from "@hother/cancelable";
import { cancelledStatement } from "../database/cancelled-statement.ts";
import { StatementNotSentError } from "../database/statement-not-sent.ts";

type Call = (...args: unknown[]) => Promise<unknown>;

/** A driver of Kysely. The versions differ in the arguments. */
export interface DriverLike {
  init: Call;
  acquireConnection: Call;
  beginTransaction: Call;
  commitTransaction: Call;
  rollbackTransaction: Call;
  savepoint?: Call;
  rollbackToSavepoint?: Call;
  releaseSavepoint?: Call;
  releaseConnection: Call;
  destroy: Call;
}

/** @param cancelTimeout The longest time for a rollback, in ms. */
export function wrapDriver(driver: DriverLike, cancelTimeout: number): DriverLike {
  /** Calls the driver although the scope is cancelled: without a rollback the connection would stay in the transaction. */
  const always =
    (method: "rollbackTransaction" | "rollbackToSavepoint"): Call =>
    (...args) =>
      // Not every driver listens to the limit.
      shield(() => waitFor(() => driver[method]?.(...args)), { timeout: cancelTimeout });
  return {
    init: (...args) => driver.init(...args),
    acquireConnection: (...args) => acquire(driver, args),
    beginTransaction: (...args) => driver.beginTransaction(...args),
    async commitTransaction(...args) {
      currentScope().check(); // Kysely then rolls back
      return driver.commitTransaction(...args);
    },
    rollbackTransaction: always("rollbackTransaction"),
    // Kysely asks whether a driver has these.
    ...(driver.savepoint && { savepoint: (...args) => driver.savepoint?.(...args) as Promise<unknown> }),
    ...(driver.rollbackToSavepoint && { rollbackToSavepoint: always("rollbackToSavepoint") }),
    ...(driver.releaseSavepoint && {
      releaseSavepoint: (...args) => driver.releaseSavepoint?.(...args) as Promise<unknown>,
    }),
    releaseConnection: (...args) => driver.releaseConnection(...args),
    destroy: (...args) => driver.destroy(...args),
  };
}

async function acquire(driver: DriverLike, args: unknown[]): Promise<unknown> {
  currentScope().check();
  const taking = driver.acquireConnection(...args);
  try {
    return await waitFor(taking);
  } catch (error) {
    taking.then(
      (late) => giveBack(driver, late),
      () => {}, // no call waits for the connection any more
    );
    const { error: reason } = currentScope();
    if (reason === undefined || error !== reason) throw error;
    const cause = new StatementNotSentError("the call waited for a connection of Kysely, and sent nothing");
    throw cancelledStatement(reason, cause);
  }
}

async function giveBack(driver: DriverLike, connection: unknown): Promise<void> {
  try {
    await driver.releaseConnection(connection);
  } catch (error) {
    report(error, "the release of a connection of Kysely");
  }
}
