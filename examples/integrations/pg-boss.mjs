// @ts-check
// A job of pg-boss is an operation, which ends when another process cancels the job.
import { currentOperation, Event, sleep } from "@hother/cancelable";
import { cancellableWork } from "@hother/cancelable-integrations/pg-boss";
import { PgBoss } from "pg-boss";

const boss = new PgBoss({
  connectionString: process.env.DATABASE_URL ?? "postgres://127.0.0.1/app",
  schema: "boss_example",
});
boss.on("error", (error) => console.error(error));
await boss.start();
await boss.createQueue("reports", { retryLimit: 3 });

const [started, stopped] = [new Event(), new Event()];
await cancellableWork(boss, "reports", { pollingIntervalSeconds: 0.5, interval: 50 }, async () => {
  started.set();
  try {
    await sleep({ hours: 1 });
  } finally {
    console.log("the report stops:", currentOperation()?.error?.reason);
    stopped.set();
  }
});

const id = /** @type {string} */ (await boss.send("reports", {}));
await started.wait();
await boss.cancel("reports", id);
await stopped.wait();
const job = await boss.getJobById("reports", id);
console.log("state:", job?.state, "- retries:", job?.retryCount);
await boss.stop({ graceful: false });

// prints:
// the report stops: manual
// state: cancelled - retries: 0
