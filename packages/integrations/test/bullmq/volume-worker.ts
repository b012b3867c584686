/*
 * A process with a worker, for the tests of several processes. It writes the start and the end of each job to a list, in the
 * order of the server.
 */
import { sleep } from "@hother/cancelable";
import { cancellableWorker } from "@hother/cancelable-integrations/bullmq";
import { Redis } from "ioredis";

const [name = "", port = "0"] = process.argv.slice(2);
const connection = { host: "127.0.0.1", port: Number(port), maxRetriesPerRequest: null };
const log = new Redis(connection);
cancellableWorker<{ readonly ms: number }>(
  name,
  async ({ id, data }) => {
    await log.rpush("log", `${id} start`);
    await sleep(data.ms);
    await log.rpush("log", `${id} done`);
  },
  {
    connection,
    concurrency: 10,
    // Longer than a machine stands still: a living worker that loses its lock would run a job that another one has ended.
    lockDuration: 10_000,
    stalledInterval: 300,
    maxStalledCount: 10,
  },
);
