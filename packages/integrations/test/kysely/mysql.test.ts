import { Cancellable } from "@hother/cancelable";
import * as kysely28 from "kysely";
import * as kysely29 from "kysely29";
import mysql from "mysql2";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { cancellableDialect } from "../../src/kysely/index.ts";
import { cancellableMysql2 } from "../../src/mysql2/index.ts";
import { observer, optionsOf } from "../mysql2/kit.ts";
import { startMariaDb } from "../servers/mariadb.ts";

const server = await startMariaDb();
afterAll(() => server?.stop());

// The types of 0.29 are those of 0.28 as far as they are used here.
const versions = { "kysely 0.28": kysely28, "kysely 0.29": kysely29 as unknown as typeof kysely28 };

describe.skipIf(server === undefined).each(Object.entries(versions))(
  "%s with MysqlDialect",
  (_version, { Kysely, MysqlDialect, sql }) => {
    test("a cancelled statement is stopped on the server, also in a transaction, which is rolled back", async () => {
      const pool = mysql.createPool({ ...optionsOf(server), connectionLimit: 1 });
      const db = new Kysely<{ t: { a: number } }>({
        dialect: cancellableDialect(new MysqlDialect({ pool: cancellableMysql2(pool) })),
      });
      onTestFinished(() => db.destroy());
      const { rows, leftRunning, untilRunning } = await observer(server);
      await sql`create or replace table t (a int) engine = innodb`.execute(db);

      const plain = new Cancellable();
      const query = plain.settle(() => sql`select sleep(71)`.execute(db));
      await untilRunning("sleep(71)");
      plain.cancel();
      expect((await query).status).toBe("cancelled");
      expect(await leftRunning("sleep(71)")).toEqual([]);

      const op = new Cancellable();
      const transaction = op.settle(() =>
        db.transaction().execute(async (trx) => {
          await trx.insertInto("t").values({ a: 1 }).execute();
          await sql`select sleep(72)`.execute(trx);
        }),
      );
      await untilRunning("sleep(72)");
      op.cancel();
      expect((await transaction).status).toBe("cancelled");
      expect(await leftRunning("sleep(72)")).toEqual([]);
      expect(await rows("select * from t")).toEqual([]);
      expect((await sql<{ one: number }>`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }]);
    });
  },
);
