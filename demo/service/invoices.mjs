// @ts-check
/* The invoices of the gateway: a job of BullMQ for each order, where this machine has Redis. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { shield, sleep, waitFor } from "@hother/cancelable";
import { cancelJob, cancellableWorker } from "@hother/cancelable-integrations/bullmq";
import { Queue } from "bullmq";
import { freePort } from "./free-port.mjs";

const name = "invoices";

/** Starts Redis. Undefined if this machine has none. Another process can take the port first: then it tries the next one. */
async function startRedis(attempts = 3) {
  const port = await freePort();
  const settings = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  // In a process group of its own: a Ctrl-C must not end it before its clients.
  const server = spawn("redis-server", settings, { detached: true, stdio: ["ignore", "pipe", "ignore"] });
  process.once("exit", () => server.kill("SIGKILL"));
  let output = "";
  const begin = new Promise((resolve) => {
    server.once("error", () => resolve("missing")); // there is no such program
    server.once("exit", () => resolve("ended"));
    server.stdout.on("data", (text) => {
      output += text;
      if (output.includes("Ready to accept")) resolve("ready");
    });
  });
  const how = await waitFor(begin);
  if (how === "ready") return { port, server };
  return how === "ended" && attempts > 1 ? startRedis(attempts - 1) : undefined;
}

export class Invoices {
  /** How the cancellations of jobs were answered, such as `ended` and `removed`. @type {Map<string, number>} */
  answers = new Map();
  #asked = new Set();
  #redis;
  #queue;
  #worker;

  /** Undefined if this machine has no Redis. */
  static async open() {
    const redis = await startRedis();
    return redis && new Invoices(redis);
  }

  /** @param {NonNullable<Awaited<ReturnType<typeof startRedis>>>} redis */
  constructor(redis) {
    const connection = { host: "127.0.0.1", port: redis.port, maxRetriesPerRequest: null };
    this.#redis = redis;
    this.#queue = new Queue(name, { connection });
    const write = async (/** @type {import("bullmq").Job} */ job) => sleep(50 + (job.data.order % 9) * 40);
    this.#worker = cancellableWorker(name, write, { connection, concurrency: 12, drain: 50 });
    this.#worker.on("error", () => {}); // a connection ends, for example with Redis
  }

  /** Orders an invoice. @param {string} id Of the order. */
  async order(id) {
    await this.#queue.add("invoice", { order: Number(id) }, { jobId: `order-${id}` });
  }

  /** The client of an order has left, so its invoice is not needed. @param {string} id */
  cancel(id) {
    // In a shield, because clients leave during the shutdown, too.
    const asked = shield(async () => {
      const message = "the client has left";
      const { status } = await cancelJob(this.#queue, `order-${id}`, "disconnect", { message });
      this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
    });
    this.#asked.add(asked);
  }

  /** Ends the worker and Redis, and returns how many jobs are in each state. */
  async close() {
    await Promise.all(this.#asked);
    await this.#worker.close();
    const counts = await this.#queue.getJobCounts("completed", "failed", "active", "waiting");
    await this.#queue.close();
    this.#redis.server.kill();
    await once(this.#redis.server, "exit");
    return counts;
  }
}
