/**
 * Measures how statements of SQLite are stopped, and what the ways to stop them cost:
 *
 *   node bench/data/sqlite.mjs [--runs 300] [--library better-sqlite3|node-sqlite]
 *
 * 1. The time from the cancellation of a running statement to the rejection of its call.
 * 2. The time of a statement over 1,000,000 rows, with and without the SQL function that can stop it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Cancellable, sleep } from "@hother/cancelable";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "300" },
    library: { type: "string", default: "better-sqlite3" },
  },
});
const runs = Number(values.runs);
const { openDatabase } = await import(`@hother/cancelable-integrations/${values.library}`);

/**
 * @param {number[]} samples
 * @param {number} part
 */
function quantile(samples, part) {
  const sorted = [...samples].sort((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN).toFixed(2);
}

const numbers = (/** @type {string} */ limit) =>
  `with recursive n(i) as (select 1 union all select i + 1 from n ${limit}) select sum(i) as s from n`;
const million = numbers("where i < 1000000");

const folder = mkdtempSync(join(tmpdir(), "cancelable-bench-"));
try {
  for (const [host, endless] of [
    ["thread", `${numbers("")} where check_cancelled()`],
    ["process", numbers("")],
  ]) {
    const db = await openDatabase(join(folder, "data.db"), { host });
    /** @type {number[]} */
    const stops = [];
    /** @type {number[]} */
    const nexts = [];
    for (let run = 0; run < runs; run++) {
      const op = new Cancellable();
      const ending = op.settle(() => db.all(endless));
      await sleep(3 + 4 * Math.random());
      const from = performance.now();
      op.cancel();
      const { status } = await ending;
      if (status !== "cancelled") throw new Error(`the statement has ${status}`);
      stops.push(performance.now() - from);
      const { a } = await db.get("select 1 as a");
      if (a !== 1) throw new Error("a wrong answer");
      nexts.push(performance.now() - from);
    }
    console.log(
      `${values.library}, ${host}: ${runs} statements stopped, p50 ${quantile(stops, 0.5)} ms, p99 ${quantile(stops, 0.99)} ms; the next one has answered after p50 ${quantile(nexts, 0.5)} ms, p99 ${quantile(nexts, 0.99)} ms`,
    );
    for (const sql of [million, `${million} where check_cancelled()`]) {
      /** @type {number[]} */
      const times = [];
      for (let round = 0; round < 7; round++) {
        const from = performance.now();
        await db.get(sql);
        times.push(performance.now() - from);
      }
      const way = sql === million ? "without" : "with";
      console.log(
        `${values.library}, ${host}: 1,000,000 rows ${way} check_cancelled(): p50 ${quantile(times, 0.5)} ms`,
      );
    }
    await db.close();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
