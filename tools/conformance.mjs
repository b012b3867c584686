// Says which test covers which behaviour that is promised: reads the two lists of items, finds their ids in the titles
// of the tests and, for what costs time, in the cases of the benchmark, and writes docs/conformance.md. With --check it writes nothing, and fails when an item has no test and no
// reason for that, when a title names an id that there is not, or when docs/conformance.md is out of date.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = "packages/cancelable/test/conformance";
const target = "docs/conformance.md";
const marks = new Set(["same", "adapted", "not expressible", "new"]);

const lists = [
  {
    file: "items.json",
    heading: "Behaviours of structured concurrency",
    prefix: "CONF",
    marked: true,
    intro:
      "What trio and anyio promise and test, in the form that it has here. *same*: as there. *adapted*: in a form that " +
      "suits JavaScript or this library. *not expressible*: the language has no means. *new*: only JavaScript has it.",
  },
  {
    file: "parity-items.json",
    heading: "Behaviours of the Python package",
    prefix: "PAR",
    marked: false,
    intro: "What the tests of `hother.cancelable` assert, in TypeScript's terms.",
  },
];

const problems = [];

function readItems({ file, prefix, marked }) {
  const items = JSON.parse(readFileSync(join(root, folder, file), "utf8"));
  const seen = new Set();
  for (const { id, behaviour, mark, absent } of items) {
    if (typeof id !== "string" || !id.startsWith(`${prefix}-`)) problems.push(`${file}: ${id} is no id`);
    if (seen.has(id)) problems.push(`${file}: ${id} is there twice`);
    seen.add(id);
    if (typeof behaviour !== "string" || behaviour === "") problems.push(`${file}: ${id} has no behaviour`);
    if (marked && !marks.has(mark)) problems.push(`${file}: ${id} has no mark of ${[...marks].join(", ")}`);
    if (absent !== undefined && (typeof absent !== "string" || absent.trim() === ""))
      problems.push(`${file}: ${id} is absent without a reason`);
  }
  return items;
}

/** Comments and what is in them become blanks; strings stay. */
function withoutComments(text) {
  const token = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g;
  return text.replace(token, (found) => (found[0] === "/" ? found.replace(/[^\n]/g, " ") : found));
}

/** The titles of a test file: first arguments of calls. Of what is skipped nothing counts. */
function titlesOf(text) {
  const call = /([\w.$]+)\(\s*(?:"((?:\\.|[^"\\\n])*)"|'((?:\\.|[^'\\\n])*)'|`((?:\\[\s\S]|[^`\\])*)`)\s*,/g;
  const titles = [];
  for (const [, name, ...quoted] of withoutComments(text).matchAll(call)) {
    if (/\.(skip|todo|fails|skipIf|runIf)$/.test(name)) continue;
    const title = quoted.find((one) => one !== undefined);
    if (title.includes("CONF-") || title.includes("PAR-")) titles.push(title.replace(/\\(.)/g, "$1"));
  }
  return titles;
}

const testFiles = readdirSync(join(root, "packages"))
  .map((name) => `packages/${name}/test`)
  .filter((name) => existsSync(join(root, name)))
  .flatMap((name) => readdirSync(join(root, name), { recursive: true }).map((file) => `${name}/${file}`))
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => file.replaceAll("\\", "/"))
  .sort();

const read = lists.map((list) => ({ ...list, items: readItems(list) }));
const covering = new Map(read.flatMap(({ items }) => items.map(({ id }) => [id, []])));
for (const file of testFiles) {
  for (const title of titlesOf(readFileSync(join(root, file), "utf8"))) {
    for (const [id] of title.matchAll(/\b(?:CONF|PAR)-[\w-]*/g)) {
      const tests = covering.get(id);
      if (tests === undefined) problems.push(`${file}: the title "${title}" names ${id}, which there is not`);
      else if (!tests.some((test) => test.file === file && test.title === title)) tests.push({ file, title });
    }
  }
}

// What a behaviour costs is measured, and never asserted in a test: machines differ.
const cases = readdirSync(join(root, "bench/cases")).filter((file) => file.endsWith(".mjs"));
for (const file of cases.sort()) {
  const { default: benchmark } = await import(pathToFileURL(join(root, "bench/cases", file)).href);
  for (const id of benchmark.covers ?? []) {
    const tests = covering.get(id);
    if (tests === undefined) problems.push(`${file}: covers ${id}, which there is not`);
    else tests.push({ file: `bench/cases/${file}`, title: `measured. ${benchmark.about}` });
  }
}

const cell = (text) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
/** Without the ids, which the row has already. */
const plain = (title) => title.replace(/\s*\((?:[A-Z]+-[\w-]+(?:, )?)+\)/g, "");

function where({ id, absent }) {
  const tests = covering.get(id);
  if (tests.length > 0 && absent !== undefined) problems.push(`${id} is covered, and marked as absent`);
  if (tests.length > 0)
    return tests
      .map(
        ({ file, title }) =>
          `[${basename(file).replace(/\.(test\.ts|mjs)$/, "")}](../${file}): ${cell(plain(title))}`,
      )
      .join("<br>");
  if (absent !== undefined) return `*absent: ${cell(absent)}*`;
  problems.push(`${id} is covered by no test, and not marked as absent`);
  return "**not covered**";
}

function table({ items, marked, heading, intro }) {
  const covered = items.filter(({ id }) => covering.get(id).length > 0).length;
  const absent = items.filter(
    ({ id, absent }) => absent !== undefined && covering.get(id).length === 0,
  ).length;
  const columns = marked ? ["id", "behaviour", "form", "test"] : ["id", "behaviour", "test"];
  const rows = items.map((item) =>
    marked
      ? [item.id, cell(item.behaviour), item.mark, where(item)]
      : [item.id, cell(item.behaviour), where(item)],
  );
  return [
    `## ${heading}`,
    intro,
    `${items.length} items: ${covered} covered by a test, ${absent} absent with a reason, ` +
      `${items.length - covered - absent} not covered.`,
    [columns, columns.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n"),
  ].join("\n\n");
}

const text = [
  "# Conformance",
  "Which test, or which case of the benchmark, covers which behaviour. Made by `node tools/conformance.mjs` from the lists in\n" +
    `\`${folder}\` and the titles of the tests; not to be edited by hand. Tests of\n` +
    "`everywhere` run on five backends.",
  ...read.map(table),
]
  .join("\n\n")
  .concat("\n");

const check = process.argv.includes("--check");
const path = join(root, target);
if (check) {
  if (!existsSync(path) || readFileSync(path, "utf8") !== text)
    problems.push(`${target} is out of date: run node tools/conformance.mjs`);
} else writeFileSync(path, text);

for (const problem of problems) console.error(problem);
for (const { items, heading } of read) {
  const covered = items.filter(({ id }) => covering.get(id).length > 0).length;
  console.log(`${heading}: ${covered} of ${items.length} covered by tests`);
}
if (check && problems.length > 0) process.exitCode = 1;
