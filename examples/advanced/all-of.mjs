// @ts-check
// A batch job ends when it has worked long enough and has processed enough: all sources must fire.
import {
  AllOfSource,
  Cancellable,
  CancellationToken,
  ConditionSource,
  sleep,
  TimeoutSource,
} from "@hother/cancelable";

export async function main() {
  // 1. At least 40 ms, and at least 5 items.
  let items = 0;
  const enough = () => new ConditionSource(() => items >= 5, { interval: 5, name: "5 items" });
  const batch = Cancellable.allOf(new TimeoutSource(40), enough());
  const first = await batch.settle(async () => {
    for (;;) {
      await sleep(10);
      items++;
    }
  });
  console.log("both:", first.status, items >= 5, (batch.context.duration ?? 0) >= 40);

  // 2. The time alone is not enough.
  items = 0;
  const patient = Cancellable.allOf(new TimeoutSource(1), enough());
  const second = await patient.settle(async () => {
    await sleep(40);
    return `${items} items`;
  });
  console.log("time only:", second.status, "-", second.status === "completed" && second.value);

  // 3. All of them, or the stop button.
  const stop = new CancellationToken();
  const stoppable = Cancellable.anyOf(new AllOfSource([new TimeoutSource(1), enough()]), stop);
  const third = await stoppable.settle(async () => {
    await sleep(10);
    stop.cancel("manual", "the user pressed stop");
    await sleep({ hours: 1 });
  });
  console.log("or stop:", third.status, stoppable.context.cancelReason);
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// both: cancelled true true
// time only: completed - 0 items
// or stop: cancelled manual
