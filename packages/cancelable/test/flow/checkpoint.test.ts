import { expect, vi } from "vitest";
import {
  Cancellable,
  CancellationToken,
  CancelScope,
  CapacityLimiter,
  Condition,
  checkpoint,
  Event,
  Lock,
  moveOnAfter,
  Queue,
  run,
  Semaphore,
  shield,
  sleep,
  taskGroup,
  waitFor,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

/** Keeps the thread busy on the host's clock, which counts the turns on every backend. */
function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

/** Whether a turn of the event loop passes before `promise` settles. */
async function takesTurn(promise: () => Promise<unknown>): Promise<boolean> {
  let turned = false;
  const immediate = setImmediate(() => {
    turned = true;
  });
  await promise();
  clearImmediate(immediate);
  return turned;
}

/** The calls that could complete at once if they were no checkpoints. */
function readyCalls(): ReadonlyMap<string, () => PromiseLike<unknown>> {
  const event = new Event();
  event.set();
  const queue = new Queue<string>();
  for (const item of ["a", "b", "c"]) queue.putNowait(item);
  return new Map<string, () => PromiseLike<unknown>>([
    ["sleep(0)", () => sleep(0)],
    ["checkpoint", () => checkpoint()],
    ["waitFor a promise", () => waitFor(Promise.resolve("value"))],
    ["waitFor a value", () => waitFor(() => "value")],
    ["Lock.acquire", () => new Lock().acquire()],
    ["Lock.run", () => new Lock().run(() => {})],
    ["Semaphore.acquire", () => new Semaphore(1).acquire()],
    ["CapacityLimiter.acquire", () => new CapacityLimiter(1).acquire()],
    ["Condition.acquire", () => new Condition().acquire()],
    ["Event.wait", () => event.wait()],
    ["Queue.put", () => queue.put("d")],
    ["Queue.get", () => queue.get()],
    ["Queue iteration", () => queue[Symbol.asyncIterator]().next()],
  ]);
}

/** Like trio's `assert_checkpoints`: whether `call` throws in a cancelled scope, and lets others run in a live one. */
async function isCheckpoint(
  call: (scope: CancelScope) => unknown,
): Promise<{ checks: boolean; yields: boolean }> {
  let othersRan = false;
  const yields = await new CancelScope().run(async (scope) => {
    void Promise.resolve().then(() => {
      othersRan = true;
    });
    const running = call(scope);
    // A call that returns no promise has ended here, before other code could run.
    if (running !== undefined) await running;
    return othersRan;
  });
  const cancelled = new CancelScope();
  let checks = false;
  await cancelled.run(async () => {
    cancelled.cancel();
    try {
      await call(cancelled);
    } catch (error) {
      checks = error === cancelled.error;
    }
  });
  return { checks, yields: yields === true };
}

describeEverywhere("checkpoint (rule 29)", (everywhere) => {
  everywhere(
    "checkpoint() throws at each call in a cancelled scope, and not outside (CONF-A01)",
    async () => {
      const scope = new CancelScope();
      await scope.run(async () => {
        await checkpoint();
        scope.cancel();
        expect(await rejection(checkpoint())).toBe(scope.error);
        expect(await rejection(checkpoint())).toBe(scope.error);
      });
      await checkpoint();
    },
  );

  everywhere("a loop of checkpoints lets timers and other tasks run", async () => {
    let fired = false;
    setTimeout(() => {
      fired = true;
    }, 1);
    let rounds = 0;
    // Bounded, because a checkpoint that gives no turn would keep this loop and the process forever.
    for (const end = performance.now() + 5_000; !fired && performance.now() < end; rounds++)
      await checkpoint();
    expect(fired).toBe(true);
    expect(rounds).toBeGreaterThan(0);
  });

  everywhere(
    "checkpoint() takes a turn when the loop had none for 4 ms, and only a microtask otherwise",
    async () => {
      spin(20);
      // Only past moments, because the library remembers the last turn and other tests follow.
      const start = performance.now() - 10;
      const clock = vi.spyOn(performance, "now");
      try {
        clock.mockReturnValue(start);
        expect(await takesTurn(checkpoint)).toBe(true);
        expect(await takesTurn(checkpoint)).toBe(false);
        clock.mockReturnValue(start + 3);
        expect(await takesTurn(checkpoint)).toBe(false);
        clock.mockReturnValue(start + 4);
        expect(await takesTurn(checkpoint)).toBe(true);
      } finally {
        clock.mockRestore();
      }
    },
  );

  everywhere("checkpoint() notices a deadline that passed before its timer fired", async (t) => {
    let reached = false;
    await moveOnAfter(5, async () => {
      t.block(10);
      await checkpoint();
      reached = true;
    });
    expect(reached).toBe(false);
  });

  everywhere("checkpoint() throws when the scope is cancelled during the turn", async () => {
    spin(5);
    const scope = new CancelScope();
    const error = await scope.run(async () => {
      const passing = checkpoint();
      scope.cancel();
      return rejection(passing);
    });
    expect(error).toBe(scope.error);
  });
});

describeEverywhere("sleep(0) (rule 29)", (everywhere) => {
  everywhere("sleep(0) and shorter spans always take a turn", async () => {
    for (const span of [0, -5, { seconds: 0 }]) {
      expect(await takesTurn(() => sleep(span))).toBe(true);
      expect(await takesTurn(() => sleep(span))).toBe(true);
    }
  });

  everywhere("a chain of sleep(0) lets other code run", async () => {
    const order: string[] = [];
    const chain = async (name: string): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await sleep(0);
        order.push(name);
      }
    };
    await run(() => Promise.all([chain("a"), chain("b")]));
    expect(order).toEqual(["a", "b", "a", "b", "a", "b"]);
  });
});

describeEverywhere("cancellation is a level, not an edge (rule 8)", (everywhere) => {
  everywhere("every further checkpoint throws, in finally too (CONF-B03, CONF-D06)", async () => {
    const thrown: string[] = [];
    const op = new Cancellable();
    await op.settle(async () => {
      op.cancel();
      for (const wait of [() => sleep(1), () => sleep(0), checkpoint, () => waitFor(Promise.resolve())]) {
        await wait().catch((error: Error) => thrown.push(error.name));
      }
      try {
        await sleep(1);
      } finally {
        await sleep(1).catch(() => thrown.push("finally"));
        await shield(async () => {
          await sleep(1);
          thrown.push("shielded");
        });
      }
    });
    expect(thrown).toEqual(["AbortError", "AbortError", "AbortError", "AbortError", "finally", "shielded"]);
  });
});

describeEverywhere("the checkpoints of the library", (everywhere) => {
  everywhere(
    "check() throws when cancelled, and otherwise neither throws nor yields (CONF-A02)",
    async () => {
      const scope = new CancelScope();
      const op = new Cancellable();
      const token = new CancellationToken();
      let othersRan = false;
      await op.settle(() =>
        scope.run(async () => {
          void Promise.resolve().then(() => {
            othersRan = true;
          });
          for (const one of [scope, op, token]) expect(one.check()).toBeUndefined();
          expect(othersRan).toBe(false);
          for (const one of [scope, op, token]) {
            one.cancel();
            expect(() => one.check()).toThrow(expect.objectContaining({ reason: "manual" }));
          }
          expect(othersRan).toBe(false);
        }),
      );
    },
  );

  everywhere(
    "a shielded checkpoint yields and does not throw; the next one outside throws (CONF-A03)",
    async () => {
      const scope = new CancelScope();
      let turns = 0;
      await scope.run(async () => {
        scope.cancel();
        await shield(async () => {
          setImmediate(() => turns++);
          while (turns === 0) await sleep(0);
          await checkpoint();
        });
        expect(turns).toBe(1);
        expect(await rejection(checkpoint())).toBe(scope.error);
        expect(await rejection(sleep(0))).toBe(scope.error);
      });
    },
  );

  everywhere("calls that could complete at once check and yield as well (CONF-A04)", async () => {
    for (const [name, call] of readyCalls()) {
      expect([name, await isCheckpoint(call)]).toEqual([name, { checks: true, yields: true }]);
    }
    await taskGroup(async (group) => {
      const ended = group.startSoon(() => "value");
      await ended.wait();
      for (const call of [() => ended, () => ended.wait()]) {
        expect(await isCheckpoint(call)).toEqual({ checks: true, yields: true });
      }
    });
  });

  everywhere("only a check together with a yield is a checkpoint (CONF-A05)", async () => {
    const yieldOnly = (): Promise<void> => shield(() => sleep(0));
    expect(await isCheckpoint((scope) => scope.check())).toEqual({ checks: true, yields: false });
    expect(await isCheckpoint(yieldOnly)).toEqual({ checks: false, yields: true });
    expect(await isCheckpoint((scope) => yieldOnly().then(() => scope.check()))).toEqual({
      checks: true,
      yields: true,
    });
  });
});
