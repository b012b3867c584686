/* The module of the thread or the process that has a database of better-sqlite3 open. */

import Database from "better-sqlite3";
import { serve } from "../database/sqlite/serve.ts";

serve(({ file, readOnly }, check) => {
  const database = new Database(file, { readonly: readOnly });
  // Not deterministic, so that SQLite calls it for each row.
  database.function("check_cancelled", { deterministic: false }, check);
  return database;
});
