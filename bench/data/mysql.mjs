/**
 * Measures how statements of mysql2 are cancelled on MariaDB (the package `mariadb-server` of Debian), with the wrapper of this
 * repository and by hand:
 *
 *   node bench/data/mysql.mjs [--runs 3000] [--queries 300]
 *
 * 1. The late KILL: a statement of 1 ms, a cancellation at a random moment around its end, then at once another statement on
 *    the same connection. How often is the second one hit?
 * 2. The time from the cancellation to the end of the row in the process list, and to the rejection of the promise.
 */
import { parseArgs } from "node:util";
import { Cancellable } from "@hother/cancelable";
import { cancellableMysql2 } from "@hother/cancelable-integrations/mysql2";
import mysql from "mysql2/promise";
import { withMariaDb } from "./mariadb.mjs";
import { after } from "./precise-timer.mjs";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "3000" }, queries: { type: "string", default: "300" } },
});
const runs = Number(values.runs);
const queries = Number(values.queries);

/**
 * @param {string} name
 * @param {(ms: number) => Promise<boolean>} first Runs a statement and cancels it. Resolves with whether it was cancelled.
 * @param {() => Promise<unknown>} second
 */
async function lateKill(name, first, second) {
  /** How long a statement of 1 ms takes. */
  let duration = 2;
  let cancelled = 0;
  let hits = 0;
  for (let run = 0; run < runs; run++) {
    if (await first(duration * 1.2 * Math.random())) cancelled++;
    const from = performance.now();
    try {
      await second();
    } catch (error) {
      if (/** @type {{ errno?: unknown }} */ (error).errno !== 1317) throw error;
      hits++;
    }
    duration += 0.1 * (Math.min(performance.now() - from, 20) - duration);
  }
  console.log(`${name}: ${runs} runs, ${cancelled} first statements cancelled, ${hits} second ones hit`);
}

/**
 * @param {number[]} samples
 * @param {number} part
 */
function quantile(samples, part) {
  const sorted = [...samples].sort((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN).toFixed(2);
}

await withMariaDb(async (options) => {
  const control = await mysql.createConnection(options);
  const raw = await mysql.createConnection(options);
  const pool = cancellableMysql2(mysql.createPool({ ...options, connectionLimit: 1 }));
  const view = await mysql.createConnection(options);
  const kill = () => control.query(`kill query ${raw.threadId}`);

  console.log("1. the late KILL");
  const sql = "select sleep(0.001)";
  for (const isAwaited of [false, true])
    await lateKill(
      `KILL QUERY by hand, ${isAwaited ? "awaited" : "not awaited"}`,
      async (ms) => {
        let killed = /** @type {Promise<unknown>} */ (Promise.resolve());
        const sent = new Promise((resolve) => {
          after(ms, () => {
            killed = kill();
            resolve(undefined);
          });
        });
        const hit = await raw.query(sql).then(
          () => false,
          () => true,
        );
        if (isAwaited) {
          await sent;
          await killed;
        }
        return hit;
      },
      () => raw.query(sql),
    );
  await lateKill(
    "cancellableMysql2",
    async (ms) => {
      const op = new Cancellable();
      const outcome = await op.settle(() => {
        after(ms, () => op.cancel());
        return pool.query(sql);
      });
      return outcome.status === "cancelled";
    },
    () => pool.query(sql),
  );

  console.log("2. from the cancellation to the end");
  const long = "select sleep(60) /* to be cancelled */";
  const isRunning = async () => {
    const [rows] = await view.query(
      "select 1 from information_schema.processlist where info like '%to be cancelled%' and id <> connection_id()",
    );
    return /** @type {unknown[]} */ (rows).length > 0;
  };
  const ways = {
    /** @returns {[Promise<unknown>, () => unknown]} */
    cancellableMysql2: () => {
      const op = new Cancellable();
      return [op.settle(() => pool.query(long)), () => op.cancel()];
    },
    /** @returns {[Promise<unknown>, () => unknown]} */
    "KILL QUERY by hand, warm connection": () => [raw.query(long).catch(() => {}), kill],
  };
  /** @type {Record<string, { gone: number[], rejected: number[] }>} */
  const samples = {};
  for (let i = 0; i < queries; i++)
    for (const [name, way] of Object.entries(ways)) {
      const [running, cancel] = way();
      while (!(await isRunning()));
      const from = performance.now();
      const request = cancel();
      const rejected = running.then(() => performance.now() - from);
      while (await isRunning());
      const entry = (samples[name] ??= { gone: [], rejected: [] });
      entry.gone.push(performance.now() - from);
      entry.rejected.push(await rejected);
      await request;
    }
  for (const [name, { gone, rejected }] of Object.entries(samples))
    console.log(
      `${name}: ${gone.length} statements; row gone p50 ${quantile(gone, 0.5)} ms, p99 ${quantile(gone, 0.99)} ms; rejected p50 ${quantile(rejected, 0.5)} ms, p99 ${quantile(rejected, 0.99)} ms`,
    );
  await Promise.all([pool.end(), raw.end(), control.end(), view.end()]);
});
