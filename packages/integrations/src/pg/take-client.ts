import { currentScope, waitFor } from "@hother/cancelable";
import type { Pool } from "pg";
import { cancelledStatement } from "../database/cancelled-statement.ts";
import { StatementNotSentError } from "../database/statement-not-sent.ts";
import type { RawClient } from "./raw-client.ts";

type TakenClient = RawClient & Required<Pick<RawClient, "release">>;

/** The calls that wait for a client of one pool. */
class Waiters {
  readonly #pool: Pool;
  readonly #rejects = new Set<(error: Error) => void>();

  constructor(pool: Pool) {
    this.#pool = pool;
    // For an end of the pool that did not go through the wrapper.
    pool.on("release", () => this.endIfEnding());
  }

  /** A promise that rejects when the pool ends, and a function that stops this. */
  watch(): { readonly ended: Promise<never>; readonly stop: () => void } {
    let reject!: (error: Error) => void;
    const ended = new Promise<never>((_resolve, fail) => {
      reject = fail;
    });
    ended.catch(() => {}); // the caller may have its client by then
    this.#rejects.add(reject);
    return { ended, stop: () => this.#rejects.delete(reject) };
  }

  /** Rejects all waiting calls if the pool gives out no client any more. pg-pool would let them wait for ever. */
  endIfEnding(): void {
    if (!this.#pool.ending) return;
    for (const reject of this.#rejects) reject(new Error("Cannot use a pool after calling end on the pool"));
  }
}

const waiters = new WeakMap<Pool, Waiters>();

export function waitersOf(pool: Pool): Waiters {
  let found = waiters.get(pool);
  if (found === undefined) waiters.set(pool, (found = new Waiters(pool)));
  return found;
}

/**
 * Takes a client out of a pool, in the ambient scope. A cancellation ends the wait at once, and a client that arrives
 * after that goes back.
 */
export async function takeClient(pool: Pool): Promise<TakenClient> {
  currentScope().check();
  const { ended, stop } = waitersOf(pool).watch();
  const taken = pool.connect() as Promise<unknown> as Promise<TakenClient>; // the types of pg leave some properties out
  try {
    return await waitFor(Promise.race([taken, ended]));
  } catch (error) {
    taken.then(
      (client) => client.release(),
      () => {}, // no call waits for the client any more
    );
    const { error: reason } = currentScope();
    if (reason === undefined || error !== reason) throw error;
    const { totalCount, idleCount } = pool;
    throw cancelledStatement(
      reason,
      new StatementNotSentError(
        `the call waited for a connection of the pool, and sent nothing; connections: ${totalCount}, of which idle: ${idleCount}`,
      ),
    );
  } finally {
    stop();
  }
}
