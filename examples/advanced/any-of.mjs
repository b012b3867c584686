// @ts-check
// The first of several sources cancels the work, and the operation says which one it was.
import { Cancellable, CancellationToken, ConditionSource, sleep, TimeoutSource } from "@hother/cancelable";

export async function main() {
  // 1. A time limit, a token and a condition. The token is first.
  const stop = new CancellationToken();
  let memory = 40;
  const parts = () => [
    new TimeoutSource({ seconds: 30 }),
    stop,
    new ConditionSource(() => memory > 80, { interval: 5, name: "memory" }),
  ];
  const byToken = Cancellable.anyOf(...parts());
  const first = await byToken.settle(async () => {
    await sleep(1);
    stop.cancel("manual", "the user pressed stop");
    await sleep({ minutes: 5 });
  });
  console.log(first.status, "-", byToken.context.cancelReason, "-", byToken.context.cancelMessage);

  // 2. The token is cancelled already: the body does not even start.
  const late = Cancellable.anyOf(...parts());
  const second = await late.settle(() => console.log("this line is not reached"));
  console.log(second.status, "-", late.context.cancelReason);

  // 3. Options do the same. The condition is first.
  const byCondition = new Cancellable({
    name: "resize",
    timeout: { seconds: 30 },
    condition: { check: () => memory > 80, interval: 5, name: "memory" },
  });
  const third = await byCondition.settle(async () => {
    for (;;) {
      await sleep(5);
      memory += 15;
    }
  });
  console.log(
    third.status,
    "-",
    byCondition.context.cancelReason,
    "-",
    byCondition.context.metadata.cancelledBy,
  );

  // 4. Two operations in one: the limits of both apply.
  const both = Cancellable.withTimeout(50, { name: "short" }).combine(new Cancellable({ name: "other" }));
  const fourth = await both.settle(() => sleep({ minutes: 5 }));
  console.log(fourth.status, "-", both.context.cancelReason);
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// cancelled - manual - the user pressed stop
// cancelled - manual
// cancelled - condition - memory
// cancelled - timeout
