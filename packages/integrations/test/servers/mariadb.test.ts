import mysql from "mysql2/promise";
import { afterAll, describe, expect, test } from "vitest";
import { startMariaDb } from "./mariadb.ts";

const server = await startMariaDb({ logStatements: true, settings: { innodb_lock_wait_timeout: 7 } });
afterAll(() => server?.stop());

describe.skipIf(server === undefined)("MariaDB for the tests", () => {
  test("answers, has the given settings, and lists the commands of all connections", async () => {
    const { host = "", port = 0, user = "", database = "" } = server ?? {};
    const connection = await mysql.createConnection({ host, port, user, database });
    const [rows] = await connection.query("select @@innodb_lock_wait_timeout as seconds");
    expect(rows).toEqual([{ seconds: 7 }]);
    await connection.execute("select ? as a", ["x"]);
    await connection.end();
    await expect
      .poll(
        () =>
          server
            ?.commands()
            .map(({ command, text }) => `${command}: ${text}`)
            .slice(-4),
        { timeout: 10_000 },
      )
      .toEqual([
        "Query: select @@innodb_lock_wait_timeout as seconds",
        "Prepare: select ? as a",
        "Execute: select 'x' as a",
        "Quit: ",
      ]);
  });
});
