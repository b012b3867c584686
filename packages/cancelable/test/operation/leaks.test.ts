import { getEventListeners } from "node:events";
import { expect, test, vi } from "vitest";
import {
  Cancellable,
  CancellationToken,
  checkpoint,
  Event,
  LinkedCancellationToken,
  moveOnAfter,
  Queue,
  Semaphore,
  sleep,
  sleepForever,
  taskGroup,
  waitFor,
} from "../../src/index.ts";
import { expectNoLeaks, VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { runScript } from "../child.ts";

describeEverywhere("rule 24: after the end nothing is left", (everywhere) => {
  everywhere("no timer, no listener on a foreign signal, no child in the parent (CONF-B34)", async () => {
    const { signal } = new AbortController();
    const parent = new Cancellable();
    const body = async (): Promise<void> => {
      for (const end of ["value", "error", "timeout"] as const) {
        const op = Cancellable.anyOf(signal, Cancellable.withTimeout(end === "timeout" ? 5 : 60_000));
        await op.settle(async () => {
          expect(getEventListeners(signal, "abort")).toHaveLength(1);
          if (end === "error") throw new Error("x");
          await sleep(end === "timeout" ? 60_000 : 1);
        });
        expect(getEventListeners(signal, "abort")).toHaveLength(0);
        expect(parent.children).toEqual([]);
      }
    };
    await expectNoLeaks(() => parent.run(body), { listeners: [signal] });
  });

  everywhere("a token's callbacks and links are gone once disposed of (BUG-35)", () => {
    const token = new CancellationToken();
    const callback = vi.fn();
    for (let i = 0; i < 3; i++) {
      const subscription = token.onCancel(callback);
      subscription[Symbol.dispose]();
      subscription[Symbol.dispose]();
    }
    const linked = new LinkedCancellationToken();
    linked.link(token)[Symbol.dispose]();
    token.cancel();
    expect(callback).not.toHaveBeenCalled();
    expect(linked.isCancelled).toBe(false);
  });
});

test("rule 24: 100,000 operations one after the other and 1,000 at once leave the heap where it was (CONF-B34, PAR-CAN-51)", async () => {
  const { code, output, errors } = await runScript(
    `
    import { Cancellable, sleepForever } from "@hother/cancelable";
    const parent = new Cancellable();
    const heap = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
    const result = await parent.settle(async () => {
      const sequential = async () => {
        for (let i = 0; i < 100_000; i++) await Cancellable.withTimeout(60_000).run(async () => i);
      };
      const concurrent = async () => {
        const ops = Array.from({ length: 1_000 }, () => Cancellable.withTimeout(60_000));
        const ended = ops.map((op) => op.settle(() => sleepForever()));
        await new Promise(setImmediate);
        for (const op of ops) op.cancel();
        await Promise.all(ended);
      };
      await sequential();
      await concurrent();
      const before = heap();
      await sequential();
      await concurrent();
      await new Promise(setImmediate);
      const grown = heap() - before;
      const timers = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
      console.log(JSON.stringify({ grown, timers, children: parent.children.length }));
    });
    if (result.status !== "completed") throw result.error;
  `,
    ["--expose-gc"],
  );
  expect(errors).toBe("");
  expect(code).toBe(0);
  const { grown, timers, children } = JSON.parse(output);
  expect(grown).toBeLessThan(1_000_000);
  expect([timers, children]).toEqual([0, 0]);
}, 60_000);

test("rule 24: a program that is done ends at once, whatever its timeouts were; a live sleep keeps it (CONF-T09)", async () => {
  const { code, output } = await runScript(`
    import { Cancellable, moveOnAfter, sleep } from "@hother/cancelable";
    const start = performance.now();
    await Cancellable.withTimeout(600_000).run(() => sleep(20));
    await moveOnAfter({ hours: 1 }, () => {});
    process.on("exit", () => console.log(performance.now() - start < 5_000));
  `);
  expect([code, output.trim()]).toEqual([0, "true"]);
});

describeEverywhere("rule 25: clocks and timers", (everywhere) => {
  everywhere("after blocking work the next checkpoint notices the deadline (CONF-A06, BUG-20)", async (t) => {
    const op = Cancellable.withTimeout(10);
    const outcome = await op.settle(async () => {
      t.block(20);
      expect(() => op.check()).toThrow("timed out");
      expect(op.isCancelled).toBe(true);
      await checkpoint();
    });
    expect(outcome.status).toBe("cancelled");
    expect(
      await moveOnAfter(10, async () => {
        t.block(20);
        await waitFor(() => expect.fail("the function must not be called"));
      }),
    ).toBeUndefined();
  });

  everywhere("a sleep is never shorter than asked for (CONF-C21)", async (t) => {
    for (const span of [1, 1.5, 2, 3.25]) {
      const start = t.backend.now();
      await sleep(span);
      expect(t.backend.now() - start).toBeGreaterThanOrEqual(span);
    }
  });

  everywhere("spans above 2^31-1 ms do not fire at once (CONF-C05)", async (t) => {
    const result = await moveOnAfter({ weeks: 10 }, () => sleep(10).then(() => "in time"));
    expect(result).toBe("in time");
    if (t.backend instanceof VirtualBackend) {
      expect(await moveOnAfter({ weeks: 10 }, () => sleepForever())).toBeUndefined();
      t.expectElapsed(10 + 10 * 604_800_000);
    }
  });
});

test("rule 25: a timer that comes early is set again, and a long one is split (native)", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  try {
    const set = vi.spyOn(globalThis, "setTimeout");
    const done = vi.fn();
    const sleeping = sleep({ days: 60 }).then(done);
    expect(set.mock.calls[0]?.[1]).toBe(2 ** 31 - 1);
    await vi.advanceTimersByTimeAsync(60 * 86_400_000 - 1);
    expect(done).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toHaveBeenCalledOnce();
    await sleeping;
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test("fake timers that leave the clock alone drive it too, as node:test's do", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const op = Cancellable.withTimeout(30_000);
    const ended = op.settle(() => sleepForever());
    await vi.advanceTimersByTimeAsync(29_999);
    expect(op.isCancelled).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await ended).toMatchObject({ status: "cancelled" });
    await moveOnAfter(1_000, () => {});
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
  expect(await moveOnAfter(5, () => sleepForever())).toBeUndefined();
});

describeEverywhere("rule 26: hand-over is decided synchronously", (everywhere) => {
  everywhere(
    "set, then cancel in the same turn: the waiter was woken (CONF-I03); the other way round it was not (CONF-I02)",
    async () => {
      for (const [first, expected] of [
        ["set", "completed"],
        ["cancel", "cancelled"],
      ] as const) {
        await taskGroup(async (group) => {
          const event = new Event();
          const task = group.startSoon(() => event.wait());
          await sleep(1);
          if (first === "set") event.set();
          task.cancel();
          event.set();
          await task.wait();
          expect(task.status).toBe(expected);
          expect(event.waiting).toBe(0);
        });
      }
    },
  );

  everywhere(
    "an item that was handed over stays with its getter, whatever is cancelled afterwards (CONF-N17)",
    async () => {
      const queue = new Queue<string>();
      await taskGroup(async (group) => {
        const getter = group.startSoon(() => queue.get());
        await sleep(1);
        queue.putNowait("mine");
        expect(getter.cancel()).toBe(true);
        await getter.wait();
        expect(getter.value).toBe("mine");
      });
    },
  );

  everywhere(
    "a permit that was released belongs to the woken waiter before it runs (CONF-K02, CONF-J02)",
    async () => {
      const semaphore = new Semaphore(0);
      await taskGroup(async (group) => {
        group.startSoon(() => semaphore.acquire());
        await sleep(1);
        semaphore.release();
        expect(semaphore.value).toBe(0);
        expect(() => semaphore.acquireNowait()).toThrow(expect.objectContaining({ code: "ERR_WOULD_BLOCK" }));
      });
    },
  );
});

describeEverywhere("rule 27: no AbortSignal.any and no AbortSignal.timeout inside", (everywhere) => {
  everywhere("neither is called, and a foreign signal has one listener while it is used", async () => {
    const any = vi.spyOn(AbortSignal, "any");
    const timeout = vi.spyOn(AbortSignal, "timeout");
    const controller = new AbortController();
    try {
      await rejection(
        Cancellable.withAbortSignal(controller.signal).run(async (op) => {
          expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
          const inner = Cancellable.withTimeout(1_000).run((inside) => {
            void inside.signal;
            return sleepForever();
          });
          controller.abort(new Error("client gone"));
          expect(op.token).toMatchObject({ reason: "manual", message: "client gone" });
          expect(op.token.error?.cause).toBe(controller.signal.reason);
          await inner;
        }),
      );
      expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
      expect([any, timeout].map((spy) => spy.mock.calls.length)).toEqual([0, 0]);
    } finally {
      any.mockRestore();
      timeout.mockRestore();
    }
  });
});
