import { isBuiltin } from "node:module";
import { openDatabase } from "../../src/node-sqlite/index.ts";
import { sqliteCases } from "../database/sqlite-cases.ts";

sqliteCases(
  "node:sqlite",
  openDatabase,
  isBuiltin("node:sqlite") ? undefined : "this host has no node:sqlite, which Node has from version 22 on",
);
