import { expect, test } from "vitest";
import { moveOnAfter, run, sleep, sleepForever } from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { runScript } from "../child.ts";

test("moving a deadline many times adds no timers (CONF-B35)", async () => {
  const backend = new VirtualBackend();
  await run(
    () =>
      moveOnAfter(60_000, async (scope) => {
        for (let i = 0; i < 10_000; i++) scope.deadline = backend.now() + 60_000 + (i % 100);
        expect(backend.timerCount).toBe(1);
        scope.deadline = Number.POSITIVE_INFINITY;
        expect(backend.timerCount).toBe(0);
        scope.deadline = backend.now() + 5;
        await sleepForever();
      }),
    { backend },
  );
  expect([backend.now(), backend.timerCount]).toEqual([5, 0]);
});

test("moving a deadline many times adds no memory, whatever else waits in the queue (CONF-B35)", async () => {
  const { code, output, errors } = await runScript(
    `
    import { moveOnAfter, sleep } from "@hother/cancelable";
    const heap = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
    await moveOnAfter(600_000, () => moveOnAfter(500_000, async (scope) => {
      // Each one earlier than the last: it goes to the top of the queue, and leaves its old place there.
      const edit = () => {
        for (let i = 0; i < 300_000; i++) scope.deadline = performance.now() + 400_000 - i;
      };
      edit();
      await sleep(1);
      const before = heap();
      edit();
      console.log(heap() - before);
      scope.cancel();
    }));
  `,
    ["--expose-gc"],
  );
  expect([errors, code]).toEqual(["", 0]);
  // A place that stayed in the queue would be 8 bytes at least, in each of the 300,000 edits.
  expect(Number(output) / 300_000).toBeLessThan(8);
});

test("tasks whose work takes longer than their sleeps leave turns to the event loop (D5)", async () => {
  let hasTurned = false;
  let rounds = 0;
  const work = async (): Promise<void> => {
    while (!hasTurned && rounds < 500) {
      await sleep(1);
      if (rounds++ === 0)
        setTimeout(() => {
          hasTurned = true;
        });
      for (const end = performance.now() + 1; performance.now() < end; );
    }
  };
  await Promise.all([work(), work(), work()]);
  expect(hasTurned).toBe(true);
});
