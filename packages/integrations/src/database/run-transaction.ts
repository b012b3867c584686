import { currentScope } from "@hother/cancelable";
import type { TransactionConnection } from "./transaction-connection.ts";
import { CommitUnknownError } from "./transaction-errors.ts";
import { bounded, TransactionLevel } from "./transaction-level.ts";

/**
 * Runs `body` in a transaction of `connection`: stores it when the body has ended, and otherwise undoes it. When the promise
 * settles, the connection is in no transaction, or destroyed.
 *
 * @param begin The statement that begins the transaction.
 * @param timeout The longest time for the rollback, in ms.
 */
export async function runTransaction<Client extends object, T>(
  connection: TransactionConnection<Client>,
  begin: string,
  body: (client: Client) => T | PromiseLike<T>,
  timeout: number,
): Promise<T> {
  const level = new TransactionLevel(connection);
  let hasBegun = false;
  try {
    await connection.send(begin);
    hasBegun = true;
    currentScope().check();
    const value = await level.run(body);
    await requireWhole(level, timeout);
    await commit(level);
    return value;
  } catch (error) {
    if (hasBegun) await level.undo("ROLLBACK", timeout);
    throw error;
  } finally {
    level.close();
  }
}

async function requireWhole(level: TransactionLevel<object>, timeout: number): Promise<void> {
  const { connection } = level;
  if (connection.ready !== undefined)
    await bounded(connection, "the question for the state", timeout, async () => connection.ready?.());
  level.requireWhole();
}

async function commit(level: TransactionLevel<object>): Promise<void> {
  const { connection } = level;
  currentScope().check();
  let command: string | undefined;
  try {
    command = await connection.send("COMMIT");
  } catch (error) {
    if (connection.state !== "broken") throw error;
    throw new CommitUnknownError(
      "COMMIT was sent, and the server has not answered: the transaction is stored or not",
      { cause: error },
    );
  }
  if (command !== undefined && command !== "COMMIT")
    throw level.aborted(`the server answered ${command} to COMMIT`);
}

/**
 * Runs `body` in a savepoint inside `outer`. When the body fails, its statements are undone, and `outer` goes on.
 *
 * @param timeout The longest time in ms for each statement that handles the savepoint. No cancellation ends these statements,
 * because the server would undo the whole transaction.
 */
export async function runSavepoint<Client extends object, T>(
  outer: TransactionLevel<Client>,
  body: (client: Client) => T | PromiseLike<T>,
  timeout: number,
): Promise<T> {
  currentScope().check();
  const level = await outer.inside();
  const { connection, savepoint } = level;
  const send = (sql: string): Promise<void> =>
    bounded(connection, sql, timeout, () => connection.sendAlways(sql));
  let isSet = false;
  try {
    await send(`SAVEPOINT ${savepoint}`);
    isSet = true;
    currentScope().check();
    const value = await level.run(body);
    await requireWhole(level, timeout);
    await send(`RELEASE SAVEPOINT ${savepoint}`);
    return value;
  } catch (error) {
    if (isSet)
      await level.undo(`ROLLBACK TO SAVEPOINT ${savepoint}; RELEASE SAVEPOINT ${savepoint}`, timeout);
    throw error;
  } finally {
    level.close();
  }
}
