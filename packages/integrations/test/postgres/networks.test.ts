import { connect } from "node:net";
import { Cancellable, sleepForever } from "@hother/cancelable";
import postgres from "postgres";
import { afterAll, describe, expect, test } from "vitest";
import { cancellablePostgres } from "../../src/postgres/index.ts";
import { startPgBouncer } from "../servers/pgbouncer.ts";
import { tlsSettings } from "../servers/tls-settings.ts";
import { startObserved } from "./server.ts";

const server = await startObserved({
  settings: tlsSettings(),
});
const bouncer = server && (await startPgBouncer(server, { poolSize: 1 }));
afterAll(() => bouncer?.stop());
afterAll(() => server?.stop());

/** A statement is stopped on the server, and its connection is free afterwards. */
async function stops(raw: postgres.Sql, marker: string): Promise<void> {
  const sql = cancellablePostgres(raw);
  for (let run = 0; run < 2; run++) {
    const op = new Cancellable();
    const ending = op.settle(() => sql.unsafe(`select pg_sleep($1) /* ${marker} */`, [60]));
    await server?.seen(marker);
    op.cancel();
    expect((await ending).status).toBe("cancelled");
    expect(await server?.running(marker)).toEqual([]);
    expect(await new Cancellable().run(() => sql`select ${run}::int as run`)).toEqual([{ run }]);
  }
  await sql.end({ timeout: 5 });
}

describe.skipIf(server === undefined)("a cancelled statement is stopped", () => {
  const { host = "", port = 0, user = "", database = "" } = server ?? {};
  const address = { host, port, user, database, max: 1 };

  test.each(["require", "prefer", { rejectUnauthorized: false }] as const)("over TLS, with ssl: %o", (ssl) =>
    stops(postgres({ ...address, ssl }), `TLS ${typeof ssl}`),
  );

  test("over a socket that the user makes", () =>
    stops(
      postgres({
        ...address,
        // The types of postgres.js leave this option out.
        ...({
          socket: () =>
            new Promise((resolve) => {
              const socket = connect(port, host, () => resolve(socket));
            }),
        } as object),
      }),
      "own socket",
    ));

  test.skipIf(bouncer === undefined)("through PgBouncer in transaction mode (PG-16)", async () => {
    const { host, port } = bouncer ?? { host: "", port: 0 };
    const open = () => postgres({ host, port, user, database, max: 1, prepare: false, onnotice() {} });
    await stops(open(), "PgBouncer");
    const sql = cancellablePostgres(open());
    const op = new Cancellable();
    const outcome = await op.settle(() =>
      sql.begin(async (tx) => {
        await tx`create table through_pgbouncer (a int)`;
        op.cancel();
        await sleepForever();
      }),
    );
    expect(outcome.status).toBe("cancelled");
    expect(await sql`select to_regclass('through_pgbouncer') as t`).toEqual([{ t: null }]);
    await sql.end({ timeout: 5 });
  });
});
