import { existsSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { Cancellable, type ResourceThresholds, sleep } from "../../src/index.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Whether a few reads of the host's own metrics find one above its threshold. */
async function exceeds(thresholds: ResourceThresholds, path?: string): Promise<boolean> {
  const op = Cancellable.withResources(thresholds, { interval: 5, ...(path === undefined ? {} : { path }) });
  return (await op.settle(() => sleep(30))).status === "cancelled";
}

test("the limit of a container counts if it is below the machine's memory", async () => {
  vi.spyOn(process, "constrainedMemory").mockReturnValue(1_000_000);
  vi.spyOn(process, "availableMemory").mockReturnValue(250_000);
  expect([await exceeds({ memory: 74 }), await exceeds({ memory: 76 })]).toEqual([true, false]);
  vi.spyOn(process, "constrainedMemory").mockReturnValue(2 ** 63);
  expect(await exceeds({ memory: 99 })).toBe(true);
});

test.runIf(existsSync("/proc/self"))("a disk without blocks is 0 percent full", async () => {
  expect([await exceeds({ disk: 0 }, "/proc"), await exceeds({ disk: 0 })]).toEqual([false, true]);
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
