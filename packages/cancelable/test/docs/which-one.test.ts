import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as calls from "../../src/calls/index.ts";
import * as root from "../../src/index.ts";
import * as inspect from "../../src/inspect/index.ts";
import * as logging from "../../src/logging/index.ts";
import * as processes from "../../src/process/index.ts";
import * as sync from "../../src/sync/index.ts";
import * as testing from "../../src/testing/index.ts";
import * as threads from "../../src/threads/index.ts";

const page = readFileSync(new URL("../../../../docs/which-one.md", import.meta.url), "utf8");
const entries: Record<string, object> = {
  calls,
  inspect,
  logging,
  process: processes,
  sync,
  testing,
  threads,
};

/** The names in the second column of the tables, each with the entry that the same cell gives after it. */
function namesOfTables(): Array<[name: string, entry: string]> {
  const found: Array<[string, string]> = [];
  for (const row of page.matchAll(/^\|[^|]*\|([^|]*)\|[^|]*\|$/gm)) {
    for (const part of (row[1] ?? "").split(";")) {
      const [names = "", entry = ""] = part.split(/ of `([^`]*)`/);
      for (const [, name] of names.matchAll(/(?<!option )`([\w.]+)`/g)) found.push([name as string, entry]);
    }
  }
  return found;
}

test("every name in the tables of the decision page is exported by the entry that the page gives", () => {
  const names = namesOfTables();
  expect(names.length).toBeGreaterThan(100);
  const wrong = names.filter(([name, entry]) => {
    if (entry.startsWith("@")) return false; // a package of its own
    const [first = "", member] = name.split(".");
    if (first === "op") return !((member as string) in root.Cancellable.prototype);
    const values = entry === "" ? root : entries[entry.slice(1)];
    const value: unknown = values?.[first as never];
    return value === undefined || (member !== undefined && !(member in (value as object)));
  });
  // `concurrency` is an option of the name before it.
  expect(wrong.filter(([name]) => name !== "concurrency")).toEqual([]);
});

test("every value that an entry exports is on the decision page", () => {
  const named = new Set([...page.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  const missing = [root, ...Object.values(entries)]
    .flatMap((entry) => Object.keys(entry))
    .filter((name) => !named.has(name));
  expect(missing).toEqual([]);
});
