// @ts-check
// Work that is cancelled by the first of several sources, or only when all of them have fired.
import { access, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cancellable, CancellationToken, ConditionSource, sleep, TimeoutSource } from "@hother/cancelable";

const stopFile = join(tmpdir(), `stop-${process.pid}`);

/** The condition is checked repeatedly. It may be sync or async, and checks never overlap. */
const stopFileExists = () =>
  access(stopFile).then(
    () => true,
    () => false,
  );

// 1. A condition: the work is cancelled soon after the file appears.
const watched = Cancellable.withCondition(stopFileExists, { name: "import", interval: 10 });
const first = await watched.settle(async () => {
  await sleep(30);
  await writeFile(stopFile, "");
  await sleep({ minutes: 5 });
});
console.log("condition:", first.status, watched.context.metadata.cancelledBy);
await rm(stopFile);

// 2. Any of a timeout, a token and a condition. The reason and the message are from the first source that fires.
const token = new CancellationToken();
const any = Cancellable.anyOf(
  new TimeoutSource({ seconds: 30 }),
  token,
  new ConditionSource(stopFileExists, { interval: 10 }),
);
const second = await any.settle(async () => {
  token.cancel("manual", "the user pressed stop");
  await sleep({ minutes: 5 });
});
console.log("any of:", second.status, any.context.cancelReason, "-", any.context.cancelMessage);

// 3. All of a timeout of 40 ms and a condition.
let used = 0;
const quota = new ConditionSource(() => used >= 5, { interval: 5, name: "quota used up" });
const all = Cancellable.allOf(new TimeoutSource(40), quota);
const third = await all.settle(async () => {
  for (;;) {
    await sleep(10);
    used++;
  }
});
console.log("all of:", third.status, used >= 5, (all.context.duration ?? 0) >= 40);

// prints:
// condition: cancelled stopFileExists
// any of: cancelled manual - the user pressed stop
// all of: cancelled true true
