import { existsSync } from "node:fs";
import pg from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { startPgBouncer } from "./pgbouncer.ts";
import { startPostgres } from "./postgres.ts";
import { startProxy } from "./proxy.ts";

const server = await startPostgres({ logStatements: true, settings: { deadlock_timeout: "50ms" } });
const bouncer = server && (await startPgBouncer(server));
const other = server && (await startPostgres()); // a start can take longer than a test may
afterAll(() => bouncer?.stop());
afterAll(() => server?.stop());
afterAll(() => other?.stop());

async function ask(connection: pg.ClientConfig, sql: string, values?: unknown[]): Promise<unknown> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    const { rows } = await client.query(sql, values);
    return rows[0];
  } finally {
    await client.end();
  }
}

describe.skipIf(server === undefined)("PostgreSQL for the tests", () => {
  // Not read where the tests are skipped.
  const { connectionString, port = 0, host = "127.0.0.1" } = server ?? {};

  test("answers, and has the given settings", async () => {
    expect(await ask({ connectionString }, "show deadlock_timeout")).toEqual({ deadlock_timeout: "50ms" });
  });

  test("lists the statements of all connections, with and without values", async () => {
    await ask({ connectionString }, "select 1 as a,\n  2 as b");
    await ask({ connectionString }, "select $1::text as named", ["x"]);
    expect(server?.statements().slice(-2)).toEqual(["select 1 as a,\n  2 as b", "select $1::text as named"]);
  });

  test("stops at once and removes its files", async () => {
    const client = new pg.Client({ connectionString: other?.connectionString });
    client.on("error", () => {}); // the server has gone
    await client.connect();
    const { rows } = await client.query("show data_directory");
    await other?.stop();
    expect(existsSync(rows[0].data_directory)).toBe(false);
  });

  test.skipIf(bouncer === undefined)(
    "is reached through PgBouncer, which lends a connection for a transaction",
    async () => {
      const connection = { connectionString: bouncer?.connectionString };
      expect(await ask(connection, "select 1 as a")).toEqual({ a: 1 });
      const first = await ask(connection, "select pg_backend_pid() as pid");
      expect(await ask(connection, "select pg_backend_pid() as pid")).toEqual(first);
    },
  );

  test("is reached through a proxy, which can hold back and cut its connections", async () => {
    const proxy = await startProxy({ host, port });
    const client = new pg.Client({
      connectionString: connectionString?.replace(`:${port}/`, `:${proxy.port}/`),
    });
    const broken = new Promise<Error>((resolve) => client.on("error", resolve));
    await client.connect();
    expect(proxy.connections).toBe(1);
    proxy.freeze();
    let hasAnswered = false;
    const answer = client.query("select 1 as a").finally(() => {
      hasAnswered = true;
    });
    await ask({ connectionString }, "select pg_sleep(0.05)");
    expect(hasAnswered).toBe(false);
    proxy.thaw();
    expect((await answer).rows).toEqual([{ a: 1 }]);
    proxy.cut();
    expect((await broken).message).toMatch(/terminated|reset/i);
    await expect.poll(() => proxy.connections).toBe(0);
    proxy.refuse();
    const late = new pg.Client({ host, port: proxy.port, user: "postgres" });
    await expect(late.connect()).rejects.toThrow();
    await proxy.stop();
  });
});
