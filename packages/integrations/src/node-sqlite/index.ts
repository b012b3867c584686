import { openSqlite, type SqliteOptions } from "../database/sqlite/open-sqlite.ts";
import type { SqliteDatabase } from "../database/sqlite/sqlite-database.ts";

export type { SqliteParameters } from "../database/sqlite/messages.ts";
export type { SqliteOptions } from "../database/sqlite/open-sqlite.ts";
export { SqliteHostError } from "../database/sqlite/session.ts";
export type { SqliteDatabase } from "../database/sqlite/sqlite-database.ts";
export type { SqliteRow, SqliteRunResult, SqliteStatements } from "../database/sqlite/statements.ts";

/** The module of the thread or the process that has the database open. */
const host = new URL(
  // The tests run the source, which Node 20 cannot load.
  import.meta.url.endsWith(".ts") ? "../../dist/node-sqlite/host.js" : "./host.js",
  import.meta.url,
);

/** Without the warning of each host that the module is experimental, which Node 22 and 24 print.
 * Other hosts do not know the flag. */
const flags = process.allowedNodeEnvironmentFlags.has("--disable-warning")
  ? ["--disable-warning=ExperimentalWarning"]
  : [];

/**
 * Opens a database with `node:sqlite`, in a process of its own or in a thread, so that its statements hold up nothing else. A call
 * whose scope is cancelled stops its statement, and rejects with the cancellation of the scope when the statement has ended.
 *
 * @param file The path of the file, or `":memory:"` with `{ host: "thread" }`.
 * @throws TypeError for wrong arguments. Rejects with the error of SQLite if the file cannot be opened.
 * @example
 * <!-- not run: needs Node 22 -->
 * ```ts
 * import { moveOnAfter } from "@hother/cancelable";
 * import { openDatabase } from "@hother/cancelable-integrations/node-sqlite";
 *
 * const db = await openDatabase(":memory:", { host: "thread" });
 * const endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n where check_cancelled()";
 * console.assert((await moveOnAfter(50, () => db.all(endless))) === undefined); // the statement has ended
 * console.assert((await db.get("select 1 as a"))?.a === 1);
 * await db.close();
 * ```
 */
export async function openDatabase(file: string, options?: SqliteOptions): Promise<SqliteDatabase> {
  return openSqlite(file, options, host, flags);
}
