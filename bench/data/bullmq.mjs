/**
 * Measures the cancellation of jobs of BullMQ in other processes, on a Redis server of Debian:
 *
 *   node bench/data/bullmq.mjs [--jobs 1000] [--cancelled 200] [--runs 200]
 *
 * 1. Jobs on three worker processes. This process cancels some of them, and kills one worker with SIGKILL. Has each job ended as
 *    asked, is none lost, has none started after its cancellation was answered?
 * 2. The time from `cancelJob` to its answer, for a job that runs in another process, beside a bare round trip by publish and
 *    subscribe between two processes, and BullMQ's own `worker.cancelJob` in one process until the event `failed`.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cancelJob } from "@hother/cancelable-integrations/bullmq";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { withRedis } from "./redis.mjs";

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "1000" },
    cancelled: { type: "string", default: "200" },
    runs: { type: "string", default: "200" },
  },
});
const jobs = Number(values.jobs);
const cancelled = Number(values.cancelled);
const runs = Number(values.runs);
/** Runs before those that count. */
const warmUp = 100;

/** @param {number} port */
function startWorker(port) {
  return fork(fileURLToPath(new URL("bullmq-worker.mjs", import.meta.url)), [`${port}`]);
}

/** @param {() => Promise<boolean>} isSo */
async function until(isSo) {
  const limit = Date.now() + 120_000;
  while (!(await isSo())) {
    if (Date.now() > limit) throw new Error("the jobs have not ended after 120 s");
    await delay(10);
  }
}

/**
 * @param {Queue} queue
 * @param {Redis} log
 * @param {number} port
 */
async function volume(queue, log, port) {
  const workers = [startWorker(port), startWorker(port), startWorker(port)];
  try {
    const added = await queue.addBulk(
      Array.from({ length: jobs }, (_, i) => ({
        name: "job",
        data: { ms: 20 + ((i * 37) % 200) },
        opts: { attempts: 3 },
      })),
    );
    const ids = added.map(({ id }) => id ?? "");
    await until(async () => (await queue.getCompletedCount()) > jobs / 20);
    /** @type {Map<string, { status: string, end?: string } | undefined>} */
    const answers = new Map();
    const cancelling = Array.from({ length: cancelled }, async (_, i) => {
      await delay(i * 10);
      // A running job and one of all jobs in turn.
      const running = i % 2 === 0 ? (await queue.getActive(0, 30)).map(({ id }) => id ?? "") : [];
      const id = [...running, ...ids.slice(i * 3)].find((one) => !answers.has(one)) ?? "";
      answers.set(id, undefined);
      answers.set(id, await cancelJob(queue, id, "quota"));
      await log.rpush("log", `${id} answered`);
    });
    await until(async () => (await queue.getCompletedCount()) > jobs / 4);
    workers[0]?.kill("SIGKILL");
    const killedAt = performance.now();
    await Promise.all(cancelling);
    await until(async () =>
      Object.values(await queue.getJobCounts("wait", "active", "delayed")).every((count) => count === 0),
    );
    console.log(
      `${jobs} jobs, ${cancelled} cancelled, 1 of 3 workers killed; all ended ${Math.round(performance.now() - killedAt)} ms after the kill`,
    );
    return await check(queue, log, ids, answers);
  } finally {
    for (const worker of workers) worker.kill("SIGKILL");
  }
}

/**
 * @param {Queue} queue
 * @param {Redis} log
 * @param {readonly string[]} ids
 * @param {ReadonlyMap<string, { status: string, end?: string } | undefined>} answers
 */
async function check(queue, log, ids, answers) {
  /** @type {Record<string, number>} */
  const counts = {};
  /** @type {string[]} */
  const problems = [];
  const lines = await log.lrange("log", 0, -1);
  /** @param {string} line */
  const placeOf = (line) => lines.lastIndexOf(line);
  for (const id of ids) {
    const job = await queue.getJob(id);
    const state = job === undefined ? "gone" : await job.getState();
    const answer = answers.get(id);
    const told = answer === undefined ? "not cancelled" : [answer.status, answer.end].join(" ").trim();
    const key = `${told} -> ${state}`;
    counts[key] = (counts[key] ?? 0) + 1;
    const wanted = expected(answer);
    if (state !== wanted) problems.push(`job ${id} (${told}) is ${state} and not ${wanted}`);
    if (state === "completed" && placeOf(`${id} done`) < 0) problems.push(`job ${id} has not run to its end`);
    if (answer !== undefined && placeOf(`${id} start`) > placeOf(`${id} answered`))
      problems.push(`job ${id} (${told}) has started after the answer`);
    if (answer?.status === "removed" && placeOf(`${id} start`) >= 0)
      problems.push(`job ${id} was removed after its start`);
  }
  console.table(counts);
  console.log(problems.length === 0 ? "each job ended as asked" : problems.join("\n"));
  return problems.length === 0;
}

/** @param {{ status: string, end?: string } | undefined} answer */
function expected(answer) {
  if (answer === undefined) return "completed";
  if (answer.status === "removed") return "gone";
  if (answer.status === "ended" || answer.status === "finished")
    return answer.end === "completed" ? "completed" : "failed";
  return "failed"; // the next worker hears the stored request
}

/**
 * @param {Queue} queue
 * @param {Redis} log
 * @param {number} port
 */
async function latency(queue, log, port) {
  const worker = startWorker(port);
  const listener = new Redis({ host: "127.0.0.1", port });
  try {
    await listener.subscribe("pong");
    /** @type {number[]} */
    const bare = [];
    /** @type {number[]} */
    const cancels = [];
    await until(async () => (await log.publish("ping", "warm")) > 0);
    await queue.add("warm", { ms: 1 });
    await until(async () => (await queue.getActiveCount()) + (await queue.getWaitingCount()) === 0);
    for (let run = -warmUp; run < runs; run++) {
      const began = performance.now();
      const answered = once(listener, "message");
      await log.publish("ping", `${run}`);
      await answered;
      if (run >= 0) bare.push(performance.now() - began);
      const { id = "" } = await queue.add("long", { ms: 60_000 });
      await until(async () => (await log.lrange("log", -1, -1))[0] === `${id} start`);
      const asked = performance.now();
      const answer = await cancelJob(queue, id);
      if (run >= 0) cancels.push(performance.now() - asked);
      if (answer.status !== "ended") throw new Error(`job ${id}: ${answer.status}`);
    }
    const own = await ownCancel(port);
    console.table({
      "bare round trip (ms)": row(bare),
      "cancelJob to its answer (ms)": row(cancels),
      "worker.cancelJob of BullMQ until failed, one process (ms)": row(own),
      "bar: 3 x round trip + 0.32 ms (an idle machine)": bar(bare, () => 0.32),
      "bar: 3 x round trip + worker.cancelJob of this run": bar(bare, (percent) => percentile(own, percent)),
    });
  } finally {
    worker.kill("SIGKILL");
    listener.disconnect();
  }
}

/**
 * The same with BullMQ alone, in one process.
 *
 * @param {number} port
 */
async function ownCancel(port) {
  const connection = { host: "127.0.0.1", port, maxRetriesPerRequest: null };
  const queue = new Queue("own", { connection });
  const worker = new Worker(
    "own",
    (_job, _token, signal) =>
      new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
    { connection },
  );
  /** @type {number[]} */
  const times = [];
  for (let run = -warmUp; run < runs; run++) {
    const active = once(worker, "active");
    const { id = "" } = await queue.add("long", {});
    await active;
    await delay(5);
    const failed = once(worker, "failed");
    const began = performance.now();
    worker.cancelJob(id, "enough");
    await failed;
    if (run >= 0) times.push(performance.now() - began);
  }
  await worker.close();
  await queue.close();
  return times;
}

/**
 * @param {readonly number[]} bare
 * @param {(percent: number) => number} own
 */
const bar = (bare, own) => ({
  p50: round(3 * percentile(bare, 50) + own(50)),
  p99: round(3 * percentile(bare, 99) + own(99)),
});

/**
 * @param {readonly number[]} times
 * @param {number} percent
 */
function percentile(times, percent) {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor((sorted.length * percent) / 100), sorted.length - 1)] ?? Number.NaN;
}

/** @param {number} ms */
const round = (ms) => Math.round(ms * 1_000) / 1_000;

/** @param {readonly number[]} times */
const row = (times) => ({ p50: round(percentile(times, 50)), p99: round(percentile(times, 99)) });

await withRedis(async (port) => {
  const connection = { host: "127.0.0.1", port, maxRetriesPerRequest: null };
  const queue = new Queue("volume", { connection });
  const log = new Redis(connection);
  try {
    if (!(await volume(queue, log, port))) process.exitCode = 1;
    await latency(queue, log, port);
  } finally {
    await queue.close();
    log.disconnect();
  }
});
