// @ts-check
// Work that stops before the machine runs out of memory, of processor time or of disk space.
import { Cancellable, sleep } from "@hother/cancelable";

export async function main() {
  // The measures come from the host. A reader of one's own makes this example the same on every machine.
  let memory = 50;
  const reader = {
    memory: () => memory,
    cpu: () => 10,
    disk: () => 20,
    eventLoopDelay: () => 1,
  };

  // 1. The memory grows over its limit of 80 percent.
  const greedy = Cancellable.withResources(
    { memory: 80, cpu: 95 },
    { interval: 5, reader, name: "load all" },
  );
  const first = await greedy.settle(async () => {
    for (;;) {
      await sleep(10);
      memory += 10;
    }
  });
  console.log(greedy.label, first.status, greedy.context.cancelReason, greedy.context.metadata.cancelledBy);

  // 2. Smaller pieces stay below the limit.
  memory = 50;
  const modest = Cancellable.withResources({ memory: 80 }, { interval: 5, reader, name: "load in pieces" });
  const second = await modest.settle(async () => {
    for (let piece = 0; piece < 3; piece++) {
      memory = 70;
      await sleep(10);
      memory = 50;
    }
    return "3 pieces";
  });
  console.log(modest.label, second.status, "-", second.status === "completed" && second.value);
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// operation "load all" cancelled condition resources(memory>80, cpu>95)
// operation "load in pieces" completed - 3 pieces
