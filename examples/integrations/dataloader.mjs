// @ts-check
// A batch of DataLoader belongs to all its callers: one that leaves takes nothing from the others.
import { Cancellable, Event, taskGroup } from "@hother/cancelable";
import { CancellableDataLoader } from "@hother/cancelable-integrations/dataloader";

const [asked, answer, ended] = [new Event(), new Event(), new Event()];
const users = new CancellableDataLoader(async (/** @type {readonly number[]} */ ids) => {
  console.log("query:", ids.join());
  asked.set();
  try {
    await answer.wait();
    return ids.map((id) => `user ${id}`);
  } finally {
    ended.set();
  }
});

// 1. Two callers, one batch. A leaves.
const [a, b] = [new Cancellable({ name: "A" }), new Cancellable({ name: "B" })];
const [endingA, endingB] = [a.settle(() => users.load(1)), b.settle(() => users.load(2))];
await asked.wait();
a.cancel("disconnect");
console.log("A", (await endingA).status);
answer.set();
const outcome = await endingB;
console.log("B", outcome.status, outcome.status === "completed" && outcome.value);

// 2. When the last caller leaves, the batch is cancelled, and its keys leave the cache.
for (const event of [asked, answer, ended]) event.reset();
await taskGroup(async (group) => {
  group.startSoon(() => users.load(3));
  group.startSoon(() => users.load(4));
  await asked.wait();
  group.cancel();
});
await ended.wait();
answer.set();
console.log("again:", await users.load(3));

// prints:
// query: 1,2
// A cancelled
// B completed user 2
// query: 3,4
// query: 3
// again: user 3
