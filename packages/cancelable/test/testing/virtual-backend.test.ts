import { describe, expect, test, vi } from "vitest";
import {
  all,
  Cancellable,
  Event,
  getBackend,
  moveOnAfter,
  Queue,
  run,
  setReporter,
  sleep,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { rejection } from "../backends.ts";

describe("autoJump", () => {
  test("time moves to the next deadline when every task is blocked (CONF-R02)", async () => {
    const backend = new VirtualBackend();
    const real = performance.now();
    const seen: number[] = [];
    await run(
      () =>
        all([
          async () => {
            for (let i = 0; i < 10; i++) await sleep({ hours: 1 });
            seen.push(backend.now());
          },
          () => moveOnAfter({ minutes: 90 }, () => sleepForever()).then(() => seen.push(backend.now())),
        ]),
      { backend },
    );
    expect(seen).toEqual([5_400_000, 36_000_000]);
    expect(performance.now() - real).toBeLessThan(5_000);
  });

  test("a timer that throws is reported, and the other timers fire at their times", async () => {
    const reported: unknown[] = [];
    const before = setReporter((error) => void reported.push(error));
    const broken = new Error("the timer broke");
    const backend = new VirtualBackend();
    try {
      backend.setTimer(5, () => {
        throw broken;
      });
      await new Promise<void>((resolve) => void backend.setTimer(10, resolve));
    } finally {
      setReporter(before);
    }
    expect([backend.now(), reported]).toEqual([10, [broken]]);
  });

  test("time does not jump while a task has something to do", async () => {
    const backend = new VirtualBackend();
    const seen: number[] = [];
    await run(
      async () => {
        const queue = new Queue<number>(1);
        await taskGroup((group) => {
          group.startSoon(() => sleep(1_000));
          group.startSoon(async () => {
            for (let i = 0; i < 50; i++) await queue.put(i);
            queue.close();
          });
          group.startSoon(async () => {
            for await (const _item of queue) {
              await sleep(0);
              seen.push(backend.now());
            }
          });
        });
      },
      { backend },
    );
    expect(seen).toHaveLength(50);
    expect(new Set(seen)).toEqual(new Set([0]));
    expect(backend.now()).toBe(1_000);
  });

  test("deadlines at the same time fire in the order in which they were set", async () => {
    const backend = new VirtualBackend();
    const order: string[] = [];
    for (const [name, at] of [
      ["c", 20],
      ["a", 10],
      ["b", 10],
    ] as const) {
      backend.setTimer(at, () => void order.push(`${name} ${backend.now()}`));
    }
    await run(() => sleep(30), { backend });
    expect(order).toEqual(["a 10", "b 10", "c 20"]);
  });

  test("a disposed timer makes no jump", async () => {
    const backend = new VirtualBackend();
    const timer = backend.setTimer(500, () => expect.fail("it was disposed of"));
    expect(backend.timerCount).toBe(1);
    timer[Symbol.dispose]();
    timer[Symbol.dispose]();
    expect(backend.timerCount).toBe(0);
    await run(() => sleep(1_000), { backend });
    expect(backend.now()).toBe(1_000);
  });

  test("two clocks are independent, and neither moves the host's clock (CONF-R06, CONF-R07)", async () => {
    const [first, second] = [new VirtualBackend(), new VirtualBackend()];
    expect([first.now(), second.now()]).toEqual([0, 0]);
    const real = Date.now();
    await run(() => sleep({ days: 365 }), { backend: first });
    expect([first.now(), second.now()]).toEqual([31_536_000_000, 0]);
    expect(Date.now() - real).toBeLessThan(60_000);
  });
});

describe("advance, without autoJump", () => {
  const manual = (): VirtualBackend => new VirtualBackend({ autoJump: false });

  test("time stands still until advance(), and due timers fire in order on the way (CONF-R01)", async () => {
    const backend = manual();
    expect([backend.autoJump, backend.now()]).toEqual([false, 0]);
    const order: string[] = [];
    const running = run(
      () =>
        all([
          async () => {
            await sleep(10);
            order.push(`a ${backend.now()}`);
            await sleep(10);
            order.push(`a ${backend.now()}`);
          },
          async () => {
            await sleep(15);
            order.push(`b ${backend.now()}`);
          },
        ]),
      { backend },
    );
    await backend.untilIdle();
    expect(order).toEqual([]);
    await backend.advance(9);
    expect([backend.now(), order]).toEqual([9, []]);
    await backend.advance(1);
    expect(order).toEqual(["a 10"]);
    await backend.advance({ seconds: 1 });
    expect(order).toEqual(["a 10", "b 15", "a 20"]);
    expect(backend.now()).toBe(1_010);
    await running;
  });

  test("after advance() the tasks have done everything that is due", async () => {
    const backend = manual();
    const event = new Event();
    let done = false;
    const running = run(
      () =>
        taskGroup((group) => {
          group.startSoon(async () => {
            await sleep(5);
            event.set();
          });
          group.startSoon(async () => {
            await event.wait();
            await sleep(0);
            done = true;
          });
        }),
      { backend },
    );
    await backend.advance(5);
    expect(done).toBe(true);
    await running;
  });

  test("advance() accepts finite spans of at least 0", async () => {
    const backend = manual();
    await backend.advance(0);
    expect(backend.now()).toBe(0);
    for (const span of [-1, Number.POSITIVE_INFINITY, Number.NaN, null]) {
      expect(await rejection(backend.advance(span))).toMatchObject({ code: "ERR_OUT_OF_RANGE" });
      expect(() => backend.pass(span)).toThrow(expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }));
    }
    expect(await rejection(backend.advance("5" as never))).toBeInstanceOf(TypeError);
    expect(backend.now()).toBe(0);
  });
});

describe("pass", () => {
  test("pass() moves the clock like blocking code: no timer fires, and checkpoints notice the time", async () => {
    const backend = new VirtualBackend();
    const outcome = await run(
      () =>
        Cancellable.withTimeout(10).settle((op) => {
          const { signal } = op;
          backend.pass(50);
          expect([backend.now(), signal.aborted]).toEqual([50, false]);
          op.check();
        }),
      { backend },
    );
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "timeout" } });
    expect(backend.now()).toBe(50);
  });

  test("timers that became due during pass() fire late, and time does not go back", async () => {
    const backend = new VirtualBackend();
    const woke: number[] = [];
    await run(
      () =>
        taskGroup((group) => {
          group.startSoon(() => sleep(10).then(() => woke.push(backend.now())));
          group.startSoon(async () => {
            await sleep(5);
            backend.pass(20);
          });
        }),
      { backend },
    );
    expect(woke).toEqual([25]);
    const at: number[] = [];
    backend.setTimer(30, () => backend.pass(50));
    backend.setTimer(40, () => void at.push(backend.now()));
    await run(() => sleep(100), { backend });
    expect(at).toEqual([80]);
  });
});

describe("random", () => {
  const drawn = (backend: { random(): number }, count = 1_000): number[] =>
    Array.from({ length: count }, () => backend.random());

  test("one seed gives one list of numbers, and other seeds give other ones (rule 44)", () => {
    const first = drawn(new VirtualBackend({ seed: 7 }));
    expect(drawn(new VirtualBackend({ seed: 7 }))).toEqual(first);
    expect(drawn(new VirtualBackend({ seed: 8 }))).not.toEqual(first);
    expect(drawn(new VirtualBackend({ seed: -7 }))).not.toEqual(first);
    expect(first.slice(0, 3)).toEqual([0.011704753153026104, 0.06195825757458806, 0.97690763277933]);
  });

  test("without a seed, every virtual backend gives the same numbers (rule 44)", () => {
    expect(drawn(new VirtualBackend())).toEqual(drawn(new VirtualBackend({ seed: 0 })));
  });

  test("the numbers are evenly spread from 0 to 1 (rule 44)", () => {
    const tenths = new Array<number>(10).fill(0);
    for (const number of drawn(new VirtualBackend(), 10_000)) tenths[Math.floor(number * 10)]!++;
    expect(tenths).toHaveLength(10);
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  test("other backends draw from Math.random (rule 44)", () => {
    const math = vi.spyOn(Math, "random").mockReturnValue(0.25);
    try {
      expect(getBackend("native").random()).toBe(0.25);
    } finally {
      math.mockRestore();
    }
  });
});
