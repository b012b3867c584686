// @ts-check
// Progress reaches all parent operations, and a diagnostics channel publishes all events.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Cancellable, currentOperation, map, sleep } from "@hother/cancelable";

export async function main() {
  /** @type {string[]} */
  const seen = [];
  /** @param {unknown} message */
  const listen = (message) => {
    const { type, operation } =
      /** @type {{ type: string, operation: import("@hother/cancelable").OperationSnapshot }} */ (message);
    if (type !== "progress") seen.push(`${operation.name} ${type}`);
  };
  subscribe("cancelable:operation", listen);

  const backup = new Cancellable({ name: "backup", metadata: { host: "db-1" } })
    .onStart((context) => console.log("start:", context.name, context.metadata.host))
    .onProgress((progress) => {
      if (typeof progress === "string") console.log("progress:", progress);
      else console.log(`progress: ${progress.phase} ${progress.current}/${progress.total} ${progress.unit}`);
    })
    .onComplete((context) => console.log("complete:", context.status));

  await backup.run(async (op) => {
    op.reportProgress("connecting");
    // An operation inside another one is its child. Its reports reach the listeners of the parent.
    await new Cancellable({ name: "copy" }).run(async (copy) => {
      const tables = ["users", "orders", "stock"];
      let current = 0;
      await map(
        tables,
        async () => {
          await sleep(2);
          current++;
          // currentOperation() finds the operation without a parameter.
          currentOperation()?.reportProgress({
            phase: "copy",
            current,
            total: tables.length,
            unit: "tables",
          });
        },
        { concurrency: 1 },
      );
      console.log("child of:", copy.parent?.name);
    });
  });

  unsubscribe("cancelable:operation", listen);
  console.log(seen.join(", "));
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// start: backup db-1
// progress: connecting
// progress: copy 1/3 tables
// progress: copy 2/3 tables
// progress: copy 3/3 tables
// child of: backup
// complete: completed
// backup started, copy started, copy ended, backup ended
