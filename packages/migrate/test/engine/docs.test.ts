import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { rulesTable } from "../src/list-rules.ts";
import { loadEngine } from "../src/load-engine.ts";
import type { EngineName } from "../src/options.ts";

const path = fileURLToPath(new URL("../../../docs/migrate.md", import.meta.url));
const asyncio = fileURLToPath(new URL("../src/asyncio/index.ts", import.meta.url));
const engines: EngineName[] = existsSync(asyncio) ? ["promises", "asyncio"] : ["promises"];

/** With `UPDATE_DOCS=1` the tables are written anew. */
test.each(engines)("The table of the %s rules in docs/migrate.md is what the rules say.", async (name) => {
  const table = rulesTable((await loadEngine(name)).rules);
  const text = readFileSync(path, "utf8");
  const place = new RegExp(`(<!-- rules: ${name} -->\n)[\\s\\S]*?(<!-- end -->)`);
  const updated = text.replace(place, (_, head, tail) => `${head}\n${table}\n\n${tail}`);
  if (process.env.UPDATE_DOCS === "1") writeFileSync(path, updated);
  else expect(plain(text)).toBe(plain(updated));
});

/** Without what a formatter does to tables. */
function plain(text: string): string {
  return text.replace(/-{3,}/g, "---").replace(/ {2,}/g, " ");
}

test("Every rule has a name of its own, and says what becomes of it.", async () => {
  for (const name of engines) {
    const { rules } = await loadEngine(name);
    expect(new Set(rules.map((rule) => rule.name)).size).toBe(rules.length);
    for (const rule of rules) expect(rule.target).not.toBe("");
  }
});
