// @ts-check
// A job of BullMQ is an operation: another process cancels it while it runs, and learns when it has ended.
import { currentOperation, Event, sleep } from "@hother/cancelable";
import { cancelJob, cancellableWorker } from "@hother/cancelable-integrations/bullmq";
import { Queue } from "bullmq";

const connection = { url: process.env.REDIS_URL ?? "redis://127.0.0.1:6379", maxRetriesPerRequest: null };
const name = `reports-${process.pid}`;
const started = new Event();
const worker = cancellableWorker(
  name,
  async (job) => {
    if (job.name === "daily") return "one page";
    started.set();
    try {
      await sleep({ hours: 1 });
    } finally {
      console.log(job.name, "stops:", currentOperation()?.error?.message);
    }
    return undefined;
  },
  { connection },
);
worker.on("error", (error) => console.error(error));

const queue = new Queue(name, { connection });
const completed = new Event();
worker.once("completed", (job, result) => {
  console.log(job.name, "completed:", result);
  completed.set();
});
await queue.add("daily", {});
await completed.wait();

const job = await queue.add("monthly", {}, { attempts: 5 });
await started.wait();
const answer = await cancelJob(queue, job.id ?? "", "quota", { message: "enough for today" });
console.log("answer:", JSON.stringify(answer));
console.log("state:", await job.getState(), "- attempts:", (await queue.getJob(job.id ?? ""))?.attemptsMade);
await worker.close();
await queue.obliterate({ force: true });
await queue.close();

// prints:
// daily completed: one page
// monthly stops: enough for today
// answer: {"status":"ended","end":"cancelled"}
// state: failed - attempts: 1
