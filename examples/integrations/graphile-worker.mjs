// @ts-check
// A job of graphile-worker is an operation: another process cancels it while it runs, and learns when it has ended.
import { currentOperation, Event, sleep } from "@hother/cancelable";
import { cancelJob, cancellableTask } from "@hother/cancelable-integrations/graphile-worker";
import { Logger, makeWorkerUtils, run } from "graphile-worker";

const connectionString = process.env.DATABASE_URL ?? "postgres://127.0.0.1/app";
const logger = new Logger(() => () => {});
const started = new Event();
const report = cancellableTask(
  async () => {
    started.set();
    try {
      await sleep({ hours: 1 });
    } finally {
      console.log("the report stops:", currentOperation()?.error?.message);
    }
  },
  { interval: 50 },
);

const utils = await makeWorkerUtils({ connectionString, logger });
await utils.migrate();
const job = await utils.addJob("report", {});
const runner = await run({ connectionString, logger, taskList: { report }, noHandleSignals: true });
await started.wait();
const answer = await cancelJob(utils, job.id, { message: "enough for today" });
console.log("answer:", JSON.stringify(answer));
await runner.stop();
await utils.release();

// prints:
// the report stops: enough for today
// answer: {"status":"ended","end":"cancelled"}
