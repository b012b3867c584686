import { createHook } from "node:async_hooks";
import { existsSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { Cancellable, type ResourceThresholds, sleep } from "../../src/index.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Settles when the host's own metrics are above the thresholds, or after `sleeping` milliseconds. */
async function statusWith(thresholds: ResourceThresholds, sleeping: number, path?: string): Promise<string> {
  const op = Cancellable.withResources(thresholds, { interval: 5, ...(path === undefined ? {} : { path }) });
  return (await op.settle(() => sleep(sleeping))).status;
}

/** The operation sleeps for as long as the test may take: only the metrics end it. */
const above = (thresholds: ResourceThresholds, path?: string): Promise<string> =>
  statusWith(thresholds, 60_000, path);
/** The metrics are read a few times. */
const notAbove = (thresholds: ResourceThresholds, path?: string): Promise<string> =>
  statusWith(thresholds, 30, path);

test("the limit of a container counts if it is below the machine's memory", async () => {
  vi.spyOn(process, "constrainedMemory").mockReturnValue(1_000_000);
  vi.spyOn(process, "availableMemory").mockReturnValue(250_000);
  expect(await above({ memory: 74 })).toBe("cancelled");
  expect(await notAbove({ memory: 76 })).toBe("completed");
  vi.spyOn(process, "constrainedMemory").mockReturnValue(2 ** 63);
  expect(await above({ memory: 99 })).toBe("cancelled");
});

test.runIf(existsSync("/proc/self"))("a disk without blocks is 0 percent full", async () => {
  expect(await notAbove({ disk: 0 }, "/proc")).toBe("completed");
  expect(await above({ disk: 0 })).toBe("cancelled");
});

test("an event loop that is blocked repeatedly is noticed", async () => {
  const op = Cancellable.withResources({ eventLoopDelay: 15 }, { interval: 10 });
  const outcome = await op.settle(async () => {
    for (const end = performance.now() + 10_000; performance.now() < end; await sleep(5)) {
      for (const free = performance.now() + 60; performance.now() < free; );
    }
  });
  expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "condition" } });
});

// The host tells of the timers that it makes on Node only: elsewhere the set stays empty.
test("a check that is under way at the end of its operation leaves no timer", async () => {
  const timers = new Set<number>();
  const hook = createHook({
    init: (id, type) => type === "Timeout" && timers.add(id),
    destroy: (id) => timers.delete(id),
  });
  hook.enable();
  try {
    const watched = (): Promise<string> => statusWith({ disk: 100, eventLoopDelay: 60_000 }, 8);
    for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 40 }, watched));
    for (let turns = 0; timers.size > 0 && turns < 1_000; turns++) await new Promise(setImmediate);
    expect(timers.size).toBe(0);
  } finally {
    hook.disable();
  }
});
