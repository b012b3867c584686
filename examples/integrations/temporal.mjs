// @ts-check
// An activity of Temporal is an operation: it ends with its activity, and its progress is sent as heartbeats.
import { currentOperation, sleep } from "@hother/cancelable";
import { cancellableActivity, lastHeartbeat } from "@hother/cancelable-integrations/temporal";
import { MockActivityEnvironment } from "@temporalio/testing";

// A worker gets it: Worker.create({ activities: { importRows }, … })
const importRows = cancellableActivity(async (/** @type {number} */ total) => {
  const op = currentOperation();
  let row = /** @type {{ row: number } | undefined} */ (lastHeartbeat()?.details)?.row ?? 0;
  try {
    for (; row < total; row++) {
      op?.reportProgress({ current: row, total }, { row });
      await sleep(1); // a checkpoint
    }
    return row;
  } finally {
    if (op?.isCancelled) console.log("stops:", op.error?.reason);
  }
});

// 1. To the end.
console.log("rows:", await new MockActivityEnvironment().run(importRows, 3));

// 2. The server cancels the activity at its third heartbeat.
const environment = new MockActivityEnvironment();
let heartbeats = 0;
environment.on("heartbeat", () => {
  if (++heartbeats === 3) environment.cancel();
});
await environment.run(importRows, 1_000_000).catch((error) => console.log(error.name));

// prints:
// rows: 3
// stops: manual
// CancelledFailure
