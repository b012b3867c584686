// @ts-check
// Work is cancelled when a condition becomes true: a sync one, an async one, and one whose check fails.
import { Cancellable, ConditionSource, setReporter, sleep } from "@hother/cancelable";

/** Stands for a row in a database. */
const order = { status: "open" };
/** A condition may be async. Its checks never overlap. */
const isWithdrawn = async () => {
  await sleep(1);
  return order.status === "withdrawn";
};

export async function main() {
  // 1. A sync condition, checked every 5 ms.
  let used = 0;
  const quota = Cancellable.withCondition(() => used >= 3, { interval: 5, name: "import" });
  const first = await quota.settle(async () => {
    for (;;) {
      await sleep(10);
      used++;
    }
  });
  console.log("sync:", first.status, quota.context.cancelReason, used >= 3);

  // 2. An async condition. The name of the function says who cancelled.
  order.status = "open";
  const packing = new Cancellable({ name: "packing" });
  packing.addSource(new ConditionSource(isWithdrawn, { interval: 5 }));
  const second = await packing.settle(async () => {
    await sleep(20);
    order.status = "withdrawn";
    await sleep({ hours: 1 });
  });
  console.log("async:", second.status, packing.context.metadata.cancelledBy);

  // 3. A condition that is never true changes nothing, and its checks end with the work.
  const calm = Cancellable.withCondition(() => false, { interval: 5 });
  const third = await calm.settle(() => sleep(20).then(() => "packed"));
  console.log("never:", third.status, third.status === "completed" && third.value);

  // 4. A check that throws goes to the reporter, and the condition is checked again.
  const before = setReporter((error) => console.log("reported:", String(error)));
  let checks = 0;
  const flaky = () => {
    if (++checks === 1) throw new Error("no connection to the database");
    return true;
  };
  const shaky = Cancellable.withCondition(flaky, { interval: 5 });
  const fourth = await shaky.settle(() => sleep({ hours: 1 }));
  setReporter(before);
  console.log("flaky:", fourth.status, "- checks:", checks);
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// sync: cancelled condition true
// async: cancelled isWithdrawn
// never: completed packed
// reported: Error: no connection to the database
// flaky: cancelled - checks: 2
