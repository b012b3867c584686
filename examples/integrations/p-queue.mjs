// @ts-check
// Jobs of p-queue belong to their callers: one that waits leaves the queue, and one that runs keeps its place until its end.
import { Cancellable, Event, sleepForever } from "@hother/cancelable";
import { enqueue } from "@hother/cancelable-integrations/p-queue";
import PQueue from "p-queue";

const queue = new PQueue({ concurrency: 1 });
const [started, cleaned] = [new Event(), new Event()];

const a = new Cancellable({ name: "A" });
const endingA = a.settle((op) =>
  enqueue(queue, async () => {
    started.set();
    try {
      await sleepForever();
    } finally {
      await op.shield(() => cleaned.wait(), { timeout: { seconds: 10 } });
      console.log("A has cleaned up");
    }
  }),
);
await started.wait();

// B waits for its place, and leaves.
const b = new Cancellable({ name: "B" });
const endingB = b.settle(() => enqueue(queue, () => console.log("this line is not reached")));
b.cancel("disconnect");
console.log("B", (await endingB).status, "- waiting:", queue.size);

// C starts when A has cleaned up, not earlier.
const c = enqueue(queue, () => console.log("C starts"));
a.cancel("quota");
console.log("running:", queue.pending, "- waiting:", queue.size);
cleaned.set();
console.log("A", (await endingA).status);
await c;

// prints:
// B cancelled - waiting: 0
// running: 1 - waiting: 1
// A has cleaned up
// C starts
// A cancelled
