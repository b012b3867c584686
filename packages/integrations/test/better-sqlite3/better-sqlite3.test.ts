import { openDatabase } from "../../src/better-sqlite3/index.ts";
import { sqliteCases } from "../database/sqlite-cases.ts";

/** The addon is compiled for one version of Node. */
async function whyMissing(): Promise<string | undefined> {
  try {
    const { default: Database } = await import("better-sqlite3");
    new Database(":memory:").close();
    return undefined;
  } catch (error) {
    return `better-sqlite3 cannot be loaded: ${String(error).split("\n")[0]}`;
  }
}

sqliteCases("better-sqlite3", openDatabase, await whyMissing());
