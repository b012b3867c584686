// @ts-check
// Each line of pino names its operation, and a cancellation is logged as information with its origin, not as an error.
import { Cancellable, sleep } from "@hother/cancelable";
import { operationLogging } from "@hother/cancelable-integrations/pino";
import { pino } from "pino";

const print = {
  /** @param {string} line */
  write(line) {
    const { level, operationName, msg, err } = JSON.parse(line);
    const cause =
      err === undefined
        ? ""
        : ` (${[err.reason ?? err.message, err.cause?.reason].filter(Boolean).join(", ")})`;
    console.log(`${pino.levels.labels[level]} ${operationName ?? "-"}: ${msg}${cause}`);
  },
};
const logger = pino(operationLogging({ level: "info" }), print);

logger.info("the service starts");
const report = new Cancellable({ name: "report" });
await report.settle(async () => {
  logger.info("begin");
  report.cancel("quota", "too many reports");
  await new Cancellable({ name: "query" })
    .run(() => sleep({ minutes: 1 }))
    .catch((error) => logger.error({ err: error }, "no rows"));
});
logger.error({ err: new Error("the disk is full") }, "a failure stays an error");

// prints:
// info -: the service starts
// info report: begin
// info report: no rows (parent, quota)
// error -: a failure stays an error (the disk is full)
