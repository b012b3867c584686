// @ts-check
// A task cancels another one: by its token, by its task group, or by itself.
import { Cancellable, CancellationToken, Event, sleep, taskGroup } from "@hother/cancelable";

export async function main() {
  // 1. A controller watches a worker, and cancels its token after three items.
  const token = new CancellationToken();
  let items = 0;
  const third = new Event();
  await taskGroup((group) => {
    group.startSoon(async () => {
      const worker = Cancellable.withToken(token, { name: "worker" });
      const outcome = await worker.settle(async () => {
        for (;;) {
          await sleep(1);
          if (++items === 3) third.set();
        }
      });
      console.log(
        worker.label,
        outcome.status,
        worker.context.cancelReason,
        "-",
        worker.context.cancelMessage,
      );
    });
    group.startSoon(async () => {
      await third.wait();
      token.cancel("manual", "three are enough");
    });
  });
  console.log("items:", items >= 3);

  // 2. A child ends the whole group. The group waits for the clean-up of the others.
  let place = "";
  await taskGroup((group) => {
    for (const name of ["attic", "cellar", "garage"])
      group.startSoon(async () => {
        try {
          await sleep(name === "cellar" ? 1 : 3_600_000);
          place = name;
          group.cancel();
        } finally {
          if (place !== name) console.log("stopped looking in the", name);
        }
      });
  });
  console.log("found in the", place);

  // 3. One task of a group. The others go on.
  await taskGroup(async (group) => {
    const slow = group.startSoon(() => sleep({ hours: 1 }));
    const quick = group.startSoon(() => sleep(1).then(() => "done"));
    slow.cancel("manual", "not needed any more");
    console.log("quick:", await quick, "- slow:", slow.status);
  });
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// operation "worker" cancelled manual - three are enough
// items: true
// stopped looking in the attic
// stopped looking in the garage
// found in the cellar
// quick: done - slow: cancelled
