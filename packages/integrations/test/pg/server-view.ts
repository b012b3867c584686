import { Cancellable } from "@hother/cancelable";
import pg from "pg";
import { expect, vi } from "vitest";

/** A look at the server from a connection of its own. */
export interface ServerView {
  readonly client: pg.Client;
  /** How many statements whose text contains `tag` run now. */
  running(tag: string): Promise<number>;
  /** Waits until a statement whose text contains `tag` runs. */
  whenRunning(tag: string, count?: number): Promise<void>;
  /**
   * Runs `body` while the advisory lock `key` is held: `select pg_advisory_xact_lock(key)` waits until `open` is called.
   */
  whileLocked<T>(key: number, body: (open: () => Promise<unknown>) => Promise<T>): Promise<T>;
  /** How many sessions have begun a transaction, and run no statement now. */
  inTransaction(): Promise<number>;
  /**
   * Cancels the operation around `work` with the reason `quota` when the statement with `tag` runs. `error` is the error of `work`,
   * and `left` is the number of such statements that still run after the end.
   */
  cancelWhenRunning(tag: string, work: () => PromiseLike<unknown>): Promise<CancelledWork>;
  close(): Promise<void>;
}

export interface CancelledWork {
  readonly op: Cancellable;
  readonly status: "completed" | "cancelled" | "failed";
  readonly error: unknown;
  readonly left: number;
}

export async function openServerView(connectionString: string): Promise<ServerView> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const running = async (tag: string): Promise<number> => {
    const { rows } = await client.query(
      "select count(*)::int as n from pg_stat_activity where state = 'active' and query like $1 and pid <> pg_backend_pid()",
      [`%${tag}%`],
    );
    return rows[0].n;
  };
  const whenRunning = (tag: string, count = 1): Promise<void> =>
    vi.waitFor(async () => expect(await running(tag)).toBe(count), { timeout: 10_000, interval: 5 });
  return {
    client,
    running,
    whenRunning,
    async inTransaction() {
      const { rows } = await client.query(
        "select count(*)::int as n from pg_stat_activity where state like 'idle in transaction%'",
      );
      return rows[0].n;
    },
    async cancelWhenRunning(tag, work) {
      const op = new Cancellable();
      let error: unknown;
      const ending = op.settle(async () => {
        await work().then(undefined, (reason: unknown) => {
          error = reason;
          throw reason;
        });
      });
      await whenRunning(tag);
      op.cancel("quota");
      const { status } = await ending;
      return { op, status, error, left: await running(tag) };
    },
    whileLocked: async (key, body) => {
      await client.query("select pg_advisory_lock($1)", [key]);
      try {
        return await body(() => client.query("select pg_advisory_unlock_all()"));
      } finally {
        await client.query("select pg_advisory_unlock_all()");
      }
    },
    close: () => client.end(),
  };
}
