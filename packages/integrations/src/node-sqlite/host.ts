/* The module of the thread or the process that has a database of `node:sqlite` open. */

import { type HostDatabase, serve } from "../database/sqlite/serve.ts";

/** The part of the module that is used here. The types of Node 20 do not know the module. */
interface NodeSqlite {
  readonly DatabaseSync: new (
    file: string,
    options: { readonly readOnly: boolean },
  ) => HostDatabase & {
    function(name: string, options: { readonly deterministic: boolean }, body: () => number): void;
  };
}

const name: string = "node:sqlite";
const { DatabaseSync } = (await import(name)) as NodeSqlite;

serve(({ file, readOnly }, check) => {
  const database = new DatabaseSync(file, { readOnly });
  // Not deterministic, so that SQLite calls it for each row.
  database.function("check_cancelled", { deterministic: false }, check);
  return database;
});
