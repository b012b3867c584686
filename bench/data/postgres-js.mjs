/**
 * Measures how statements of postgres.js are cancelled, with the wrapper of this repository and by its own `.cancel()`:
 *
 *   node bench/data/postgres-js.mjs [--runs 100000] [--queries 300] [--calls 20000]
 *
 * 1. The late cancel: a statement of 1 ms, a cancellation at a random moment around its end, then at once another statement on
 *    the same connection. How often is the second one hit, and how often are its
 *    rows wrong?
 * 2. The time from the cancellation to the end of the row in `pg_stat_activity`, and to the rejection of the promise.
 * 3. The time of a statement that is not cancelled, with 1 and with 50 callers.
 */
import { parseArgs } from "node:util";
import { Cancellable } from "@hother/cancelable";
import { cancellablePostgres } from "@hother/cancelable-integrations/postgres";
import postgres from "postgres";
import { withPostgres } from "./postgres.mjs";
import { after } from "./precise-timer.mjs";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "100000" },
    queries: { type: "string", default: "300" },
    calls: { type: "string", default: "20000" },
  },
});
const runs = Number(values.runs);
const queries = Number(values.queries);
const calls = Number(values.calls);

/** A connection of postgres.js can stop answering after `.cancel()`. */
const hung = () => new Promise((resolve) => setTimeout(resolve, 3_000, "hung").unref());

/** @param {unknown} error */
const isHit = (error) => /** @type {{ code?: unknown }} */ (error)?.code === "57014";

/**
 * @param {postgres.Sql} sql
 * @param {(ms: number, i: number) => Promise<boolean>} first Runs a statement and cancels it after `ms`. Tells whether it was cancelled.
 * @param {number} count
 */
async function lane(sql, first, count) {
  let duration = 2;
  let cancelled = 0;
  let hits = 0;
  let wrong = 0;
  let i = 0;
  for (; i < count; i++) {
    const hang = hung();
    const end = await Promise.race([first(1.5 * duration * Math.random(), i), hang]);
    if (end === "hung") break;
    if (end) cancelled++;
    const from = performance.now();
    try {
      const rows = await Promise.race([sql`select ${i}::int as i from pg_sleep(0.001)`, hang]);
      if (rows === "hung") break;
      const [row] = rows;
      if (row?.i !== i) wrong++;
    } catch (failure) {
      if (!isHit(failure)) throw failure;
      hits++;
    }
    duration += 0.1 * (Math.min(performance.now() - from, 20) - duration);
  }
  return { runs: i, cancelled, hits, wrong };
}

/** @param {string} url */
async function lateCancel(url) {
  const lanes = 4;
  const ways = {
    /** @param {postgres.Sql} raw */
    ".cancel() of postgres.js": (raw) => ({
      sql: raw,
      /** @param {number} ms @param {number} i */
      async first(ms, i) {
        const query = raw`select ${i}::int as i from pg_sleep(0.001)`;
        // Before it is sent, the connection would be lost.
        after(Math.max(ms, 0.5), () => query.cancel());
        return query.then(() => false, isHit);
      },
    }),
    /** @param {postgres.Sql} raw */
    cancellablePostgres(raw) {
      const sql = cancellablePostgres(raw);
      return {
        sql,
        /** @param {number} ms @param {number} i */
        async first(ms, i) {
          const op = new Cancellable();
          after(ms, () => op.cancel());
          const outcome = await op.settle(() => sql`select ${i}::int as i from pg_sleep(0.001)`);
          if (outcome.status === "failed") throw outcome.error;
          return outcome.status === "cancelled";
        },
      };
    },
  };
  for (const [name, way] of Object.entries(ways)) {
    const count = name.startsWith(".") ? Math.min(runs, 3_000) : runs;
    const from = performance.now();
    const results = await Promise.all(
      Array.from({ length: lanes }, async () => {
        const raw = postgres(url, { max: 1, onnotice() {} });
        await raw`select 1`;
        const { sql, first } = way(raw);
        const result = await lane(sql, first, Math.ceil(count / lanes));
        await sql.end({ timeout: 1 });
        return result;
      }),
    );
    const sum = (/** @type {"runs" | "cancelled" | "hits" | "wrong"} */ key) =>
      results.reduce((total, one) => total + one[key], 0);
    const seconds = ((performance.now() - from) / 1_000).toFixed(0);
    console.log(
      `${name}: ${sum("runs")} of ${count} runs without a connection that hangs, ${sum("cancelled")} first statements cancelled, ${sum("hits")} second ones hit, ${sum("wrong")} with wrong rows (${seconds} s)`,
    );
  }
}

/**
 * @param {number[]} samples
 * @param {number} part
 */
function quantile(samples, part) {
  const sorted = [...samples].sort((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN).toFixed(2);
}

/** @param {string} url */
async function timeToGone(url) {
  const view = postgres(url, { max: 1 });
  const raw = postgres(url, { max: 1 });
  const sql = cancellablePostgres(postgres(url, { max: 1 }));
  const isRunning = async () =>
    (
      await view`select 1 from pg_stat_activity
        where state = 'active' and query like '%to be cancelled%' and pid <> pg_backend_pid()`
    ).length > 0;
  const ways = {
    /** @returns {[Promise<unknown>, () => unknown]} */
    cancellablePostgres() {
      const op = new Cancellable();
      return [op.settle(() => sql`select pg_sleep(60) /* to be cancelled */`), () => op.cancel()];
    },
    /** @returns {[Promise<unknown>, () => unknown]} */
    ".cancel() of postgres.js"() {
      const query = raw`select pg_sleep(60) /* to be cancelled */`;
      return [query.catch(() => {}), () => query.cancel()];
    },
  };
  /** @type {Record<string, { gone: number[], rejected: number[] }>} */
  const samples = {};
  for (let i = 0; i < queries; i++) {
    for (const [name, way] of Object.entries(ways)) {
      const [running, cancel] = way();
      while (!(await isRunning()));
      const from = performance.now();
      cancel();
      const rejected = running.then(() => performance.now() - from);
      while (await isRunning());
      const gone = performance.now() - from;
      const entry = (samples[name] ??= { gone: [], rejected: [] });
      entry.gone.push(gone);
      entry.rejected.push(await rejected);
    }
  }
  for (const [name, { gone, rejected }] of Object.entries(samples))
    console.log(
      `${name}: ${gone.length} statements; row gone p50 ${quantile(gone, 0.5)} ms, p99 ${quantile(gone, 0.99)} ms; rejected p50 ${quantile(rejected, 0.5)} ms, p99 ${quantile(rejected, 0.99)} ms`,
    );
  await Promise.all([view.end(), raw.end(), sql.end()]);
}

/** @param {string} url */
async function withoutCancel(url) {
  const raw = postgres(url, { max: 10 });
  const wrapped = cancellablePostgres(raw);
  for (const callers of [1, 50])
    for (const [name, sql] of /** @type {const} */ ([
      ["postgres.js", raw],
      ["cancellablePostgres in an operation", wrapped],
      ["postgres.js", raw],
      ["cancellablePostgres in an operation", wrapped],
    ])) {
      const call = async () => {
        for (let i = 0; i < calls / callers; i++) await sql`select ${i}::int as i`;
      };
      const from = performance.now();
      await new Cancellable().run(() => Promise.all(Array.from({ length: callers }, call)));
      const each = ((performance.now() - from) / calls) * 1_000;
      console.log(`${name}, ${callers} callers: ${each.toFixed(0)} µs a statement`);
    }
  await wrapped.end();
}

await withPostgres(async (url) => {
  console.log("1. the late cancel");
  await lateCancel(url);
  console.log("2. from the cancellation to the end");
  await timeToGone(url);
  console.log("3. without a cancellation");
  await withoutCancel(url);
});
