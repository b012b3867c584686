/** The table of docs/about/cost.md: the price of the most used functions, beside the code that one would write instead. */
import { besideOurs, oursOf } from "./faster.mjs";
import { size, table, time } from "./format.mjs";
import { major, runtimesOf } from "./runtimes.mjs";

/** @import { Case, Results, Row } from "./types.mjs" */

/** What is measured, the case, and the subject that does the same without this library. */
const lines = /** @type {const} */ ([
  ["a limit that does not expire", "move-on-after", "hand-written"],
  ["an operation with a limit", "operation-with-timeout", "hand-written"],
  ["a limit that expires", "timeout-fires", "hand-written"],
  ["a look at a token", "token-check", "signal.throwIfAborted"],
  ["a checkpoint in a loop", "checkpoint", "await undefined"],
  ["a task of a group of 1,000", "spawn-join-1000", "Promise.all"],
  ["the cancel of one of 1,000 sleeping tasks", "cancel-1000-sleepers", "hand-written"],
  ["an item of `map` with a concurrency", "limited-concurrency", "hand-written workers"],
  ["a lock that is free", "lock-uncontended", "async-mutex Mutex"],
  ["a retry that succeeds at once", "retry", "hand-written loop"],
  ["an item of a stream", "stream-items", "for await alone"],
]);

const marks = /** @type {const} */ ([
  "<!-- From bench/results.json, by npm run bench:report: -->",
  "<!-- The end of the part from bench/results.json. -->",
]);

/** Whether the subject is another library. @type {(benchmark: Case, row: Row) => boolean} */
function isPeer({ subjects }, { subject }) {
  return !subjects[subject]?.ours && subjects[subject]?.from !== undefined;
}

/** @type {(cases: Case[], results: Results) => string} */
function costTable(cases, { rows }) {
  const runtimes = runtimesOf(rows).filter((name) => [20, 24].includes(major(name)));
  const newest = runtimes.at(-1);
  const body = lines.map(([what, name, instead]) => {
    const benchmark = cases.find((one) => one.name === name);
    if (benchmark === undefined) throw new RangeError(`no case ${name}`);
    const ours = oursOf(benchmark);
    const own = rows.filter((row) => row.case === name);
    const rowOf = (/** @type {string} */ subject, /** @type {string | undefined} */ runtime) => {
      const row = own.find((one) => one.subject === subject && one.runtime === runtime);
      if (row === undefined) throw new RangeError(`${name}: no row for ${subject} on ${runtime}`);
      return row;
    };
    const faster = own
      .filter((row) => row.runtime === newest && isPeer(benchmark, row) && row.subject !== instead)
      .filter((row) => (besideOurs(benchmark, row, rows)?.median ?? 1) < 1)
      .map((row) => `${row.subject} ${time(row.ns)}`);
    return [
      what,
      `\`${ours}\``,
      ...runtimes.flatMap((runtime) => [time(rowOf(ours, runtime).ns), time(rowOf(instead, runtime).ns)]),
      instead,
      size(rowOf(ours, newest).bytes),
      faster.join(", ") || "–",
    ];
  });
  const short = (/** @type {string} */ runtime) => runtime.replace(/^node (\d+).*/, "Node $1");
  const head = [
    "price of",
    "here",
    ...runtimes.flatMap((runtime) => [short(runtime), `${short(runtime)}, instead`]),
    "instead",
    "bytes",
    "other libraries that are faster",
  ];
  return table([head, ...body]);
}

/**
 * The page with the table of these results.
 *
 * @type {(page: string, cases: Case[], results: Results) => string}
 */
export function costPage(page, cases, results) {
  const [before, rest] = page.split(marks[0]);
  const after = rest?.split(marks[1])[1];
  if (after === undefined) throw new RangeError(`the page needs the lines ${marks.join(" and ")}`);
  return `${before}${marks[0]}\n\n${costTable(cases, results)}\n\n${marks[1]}${after}`;
}
