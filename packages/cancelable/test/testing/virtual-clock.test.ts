import { expect, test } from "vitest";
import { run, sleep, taskGroup } from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";

test("a virtual clock jumps or not as it was made, and does nothing until it is used (CONF-R03)", async () => {
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
  // Real sleeps meanwhile, on no virtual clock.
  await run(() => sleep(5));
  expect([idle.now(), idle.timerCount]).toEqual([0, 0]);
  expect([jumping.now(), still.now()]).toEqual([3_600_000, 10]);
});

test("waiting until all are blocked ends before time moves, whatever was started just before (CONF-R04)", async () => {
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
