/** A worker process of `bullmq.mjs`. It writes the start and the end of each job to a list, in the order of the server. */
import { sleep } from "@hother/cancelable";
import { cancellableWorker } from "@hother/cancelable-integrations/bullmq";
import { Redis } from "ioredis";

const connection = { host: "127.0.0.1", port: Number(process.argv[2]), maxRetriesPerRequest: null };
const log = new Redis(connection);
cancellableWorker(
  "volume",
  async ({ id, data }) => {
    await log.rpush("log", `${id} start`);
    await sleep(data.ms);
    await log.rpush("log", `${id} done`);
  },
  { connection, concurrency: 10, lockDuration: 1_000, stalledInterval: 300, maxStalledCount: 10 },
);

// The other side of a bare round trip.
const echo = new Redis(connection);
const back = new Redis(connection);
await echo.subscribe("ping");
echo.on("message", (_channel, text) => void back.publish("pong", text));
