import postgres from "postgres";
import { expect, vi } from "vitest";
import { type Postgres, type PostgresOptions, startPostgres } from "../servers/postgres.ts";

/** A server with an observer, whose statements are not those of a test. */
export interface Observed extends Postgres {
  readonly observer: postgres.Sql;
  /** The backends that run a statement that contains `text`. */
  running(text: string): Promise<number[]>;
  /** Waits until the server runs exactly one statement that contains `text`, and gives its backend. */
  seen(text: string): Promise<number>;
  /**
   * The different states of the backends of other clients. A backend whose client has gone is idle for a moment. The empty
   * statement with which a connection goes back to its pool counts as idle, too.
   */
  states(): Promise<string[]>;
}

export async function startObserved(options?: PostgresOptions): Promise<Observed | undefined> {
  const server = await startPostgres(options);
  if (server === undefined) return undefined;
  const observer = postgres(server.connectionString, { max: 1 });
  const running = async (text: string): Promise<number[]> => {
    const rows = await observer<{ pid: number }[]>`select pid from pg_stat_activity
      where state = 'active' and pid <> pg_backend_pid() and query like ${`%${text}%`}`;
    return rows.map(({ pid }) => pid);
  };
  return {
    ...server,
    observer,
    running,
    seen: (text) =>
      vi.waitFor(
        async () => {
          const pids = await running(text);
          expect(pids.length).toBe(1);
          return pids[0] as number;
        },
        { timeout: 10_000, interval: 5 },
      ),
    async states() {
      const rows = await observer<{ state: string }[]>`
        select distinct case when state = 'active' and query = '' then 'idle' else state end as state
        from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`;
      return rows.map(({ state }) => state).sort();
    },
    async stop() {
      await observer.end({ timeout: 1 });
      await server.stop();
    },
  };
}
