import { readFile } from "node:fs/promises";
import { setTimeout as realSleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { all, Cancellable, moveOnAfter, run, sleep, sleepForever, taskGroup } from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { deferred, rejection } from "../backends.ts";

test("a virtual clock jumps only with autoJump, and does nothing until it is used (CONF-R03)", async () => {
  const idle = new VirtualBackend();
  const still = new VirtualBackend({ autoJump: false });
  const jumping = new VirtualBackend({ autoJump: true });
  await run(() => sleep(3_600_000), { backend: jumping });
  expect(jumping.now()).toBe(3_600_000);
  let woken = false;
  const sleeping = run(() => sleep(10).then(() => (woken = true)), { backend: still });
  await still.untilIdle();
  expect([woken, still.now(), still.timerCount]).toEqual([false, 0, 1]);
  await still.advance(10);
  await sleeping;
  expect(woken).toBe(true);
  // Real sleeps in the meantime, on no virtual clock.
  await run(() => sleep(5));
  expect([idle.now(), idle.timerCount]).toEqual([0, 0]);
  expect([jumping.now(), still.now()]).toEqual([3_600_000, 10]);
});

test("untilIdle() resolves before time moves, whatever was started just before (CONF-R04)", async () => {
  const backend = new VirtualBackend();
  await run(
    () =>
      taskGroup(async (group) => {
        group.startSoon(() => sleep(1_000));
        await backend.untilIdle();
        expect(backend.now()).toBe(0);
      }),
    { backend },
  );
  expect(backend.now()).toBe(1_000);
});

describe("hold", () => {
  test("time does not jump while held work of the real world runs", async () => {
    const backend = new VirtualBackend();
    const text = await run(
      () =>
        moveOnAfter(100, async () => {
          await backend.hold(realSleep(20));
          return backend.hold(readFile(new URL(import.meta.url), "utf8"));
        }),
      { backend },
    );
    expect(text).toContain("held work of the real world");
    expect(backend.now()).toBe(0);
  });

  test("without hold() virtual time runs ahead of the real world", async () => {
    const backend = new VirtualBackend();
    const read = async (): Promise<string> => {
      while (backend.now() < 100) await realSleep(1);
      return "read";
    };
    expect(await run(() => moveOnAfter(100, read), { backend })).toBe("read");
    expect(backend.now()).toBe(100);
  });

  test("hold() returns the promise, and time goes on when the promise rejects", async () => {
    const backend = new VirtualBackend();
    const work = deferred();
    expect(backend.hold(work.promise)).toBe(work.promise);
    const sleeping = run(() => sleep(10), { backend });
    await backend.untilIdle();
    expect(backend.now()).toBe(0);
    work.reject(new Error("failed"));
    expect(await rejection(work.promise)).toMatchObject({ message: "failed" });
    await sleeping;
    expect(backend.now()).toBe(10);
    expect(() => backend.hold(42 as never)).toThrow(TypeError);
  });
});

describe("untilIdle and timerCount", () => {
  test("untilIdle() resolves when nothing more can happen before time moves (CONF-R05)", async () => {
    const backend = new VirtualBackend({ autoJump: false });
    let rounds = 0;
    const running = run(
      async () => {
        for (; rounds < 20; rounds++) await sleep(0);
        await sleep(1_000);
      },
      { backend },
    );
    await Promise.all([backend.untilIdle(), backend.untilIdle()]);
    expect([rounds, backend.now()]).toEqual([20, 0]);
    await backend.advance(1_000);
    await running;
  });

  test("no timer is left when everything has ended", async () => {
    const backend = new VirtualBackend();
    await run(
      async () => {
        expect(backend.timerCount).toBe(0);
        await Cancellable.withTimeout(1_000).run(() => {
          expect(backend.timerCount).toBe(1);
        });
        expect(backend.timerCount).toBe(0);
        await moveOnAfter(5, () => sleepForever());
        await moveOnAfter(null, () => expect(backend.timerCount).toBe(0));
      },
      { backend },
    );
    expect(backend.timerCount).toBe(0);
  });

  test("wrong options are refused", () => {
    expect(() => new VirtualBackend(1 as never)).toThrow(TypeError);
    expect(() => new VirtualBackend({ epoch: "now" as never })).toThrow(/options\.epoch/);
    expect(new VirtualBackend().epoch()).toBe(Date.UTC(2000, 0, 1));
    expect(new VirtualBackend({ epoch: 42 }).epoch()).toBe(42);
  });
});
