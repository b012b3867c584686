import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

// The pages of the integrations: each sub-path has a row in docs/integrations/index.md and a page, and both say the same.

const pages = fileURLToPath(new URL("../../../docs/integrations/", import.meta.url));
const read = (page: string) => readFileSync(`${pages}${page}`, "utf8");
const manifest = JSON.parse(
  readFileSync(fileURLToPath(new URL("../package.json", import.meta.url)), "utf8"),
) as Record<"exports" | "peerDependencies" | "devDependencies", Record<string, string>>;

const subPaths = Object.keys(manifest.exports).filter((path) => path !== "./package.json");

/** The cells of a row of a Markdown table, without their padding. */
const cells = (line: string) =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());

interface Row {
  readonly page: string;
  readonly library: string;
  /** How it is cancelled, when the promise rejects, what is left running, the deadline. */
  readonly answers: readonly string[];
}

const rows = new Map<string, Row>();
for (const line of read("index.md").split("\n")) {
  const [name = "", library = "", ...answers] = cells(line);
  const [, path, page] = /^\[`(\.\/[^`]+)`\]\(([^)]+)\)$/.exec(name) ?? [];
  if (path !== undefined && page !== undefined) rows.set(path, { page, library, answers });
}

test("The table of the integrations has a row for each sub-path, and no other row.", () => {
  expect([...rows.keys()].sort()).toEqual([...subPaths].sort());
});

test("The table of the integrations gives the ranges of the peer dependencies.", () => {
  const given = [...rows.values()].flatMap(({ library }) =>
    [...library.matchAll(/`([^`]+)` ([^,]+)/g)]
      .filter(([, name = ""]) => name in manifest.peerDependencies)
      .map(([, name = "", range = ""]): [string, string] => [name, range.replaceAll(" or ", " || ")]),
  );
  const { "@hother/cancelable": _core, ...peers } = manifest.peerDependencies;
  expect(Object.fromEntries(given)).toEqual(peers);
});

test("The range of a peer dependency has the version with which it is tested.", () => {
  for (const [name, range] of Object.entries(manifest.peerDependencies)) {
    const version = manifest.devDependencies[name] ?? range;
    // The part of the version that `^` keeps.
    const [kept] = /^\^?(0\.\d+|\d+)\./.exec(version) ?? [];
    expect(range, name).toContain(kept?.replace("^", ""));
  }
});

test.each(subPaths)(
  "The page of %s has its first sentence, install line, code, table and versions.",
  (path) => {
    const row = rows.get(path);
    if (row === undefined || !existsSync(`${pages}${row.page}`)) throw new Error(`${path} has no page`);
    const text = read(row.page);
    const marks = [
      /^# .+\n\n[^#\n]/, // a title, and then a sentence
      /```sh\nnpm install @hother\/cancelable @hother\/cancelable-integrations/,
      new RegExp(`from "@hother/cancelable-integrations${path.slice(1).replaceAll(".", "\\.")}"`),
      /\n## What is cancelled, and how\n/,
      /\n## (Versions|Hosts and versions)\n/,
    ];
    const places = marks.map((mark) => text.search(mark));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));

    const table = text
      .slice(places[3])
      .split("\n")
      .filter((line) => line.startsWith("| "))
      .slice(2, 6);
    expect(table.map((line) => cells(line)[1])).toEqual(row.answers);

    const versions = text.slice(places[4]);
    for (const [, name = ""] of row.library.matchAll(/`([^`]+)` [\d^]/g)) {
      if (name in manifest.peerDependencies) expect(versions).toContain(name);
    }
  },
);
