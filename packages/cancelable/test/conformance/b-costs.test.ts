import { performance } from "node:perf_hooks";
import { expect, test } from "vitest";
import { Cancellable, CancelScope, moveOnAfter, run, shield, sleepForever } from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere } from "../backends.ts";
import { runScript } from "../child.ts";

/** The share of time in which the event loop was busy while real time passed. */
async function busyWhile(ms: number): Promise<number> {
  const before = performance.eventLoopUtilization();
  await new Promise((resolve) => setTimeout(resolve, ms));
  return performance.eventLoopUtilization(before).utilization;
}

describeEverywhere("waiting for what does not end costs nothing", (everywhere) => {
  everywhere("a cancelled scope whose body was abandoned does not spin (CONF-B36)", async () => {
    const op = new Cancellable({ grace: 1 });
    let end!: () => void;
    const running = op.settle(() => new Promise<void>((resolve) => void (end = resolve)));
    op.cancel();
    expect(await running).toMatchObject({ abandoned: true });
    op.cancel();
    op.token.cancel();
    expect(await busyWhile(60)).toBeLessThan(0.5);
    end();
  });

  everywhere("nor does one that waits for a shielded part of it (CONF-B37)", async () => {
    const scope = new CancelScope();
    let end!: () => void;
    const running = scope.run(() => shield(() => new Promise<void>((resolve) => void (end = resolve))));
    scope.cancel();
    expect(await busyWhile(60)).toBeLessThan(0.5);
    end();
    await running;
    expect([scope.cancelCalled, scope.cancelledCaught]).toEqual([true, false]);
  });
});

test("deadlines that are moved again and again make no more timers (CONF-B35)", async () => {
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

test("nor do they keep any memory, whatever else waits in the queue (CONF-B35)", async () => {
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
  expect(Number(output)).toBeLessThan(500_000);
});
