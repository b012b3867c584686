import { expect } from "vitest";
import {
  Cancellable,
  CancellationSource,
  CancellationToken,
  CancelScope,
  CapacityLimiter,
  Condition,
  checkpoint,
  Event,
  Lock,
  Queue,
  Semaphore,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  waitFor,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

/** What each call is that could complete at once, were it not a checkpoint. */
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

/** trio's `assert_checkpoints`: whether `call` throws in a cancelled scope, and lets others run in a live one. */
async function isCheckpoint(
  call: (scope: CancelScope) => unknown,
): Promise<{ checks: boolean; yields: boolean }> {
  let othersRan = false;
  const yields = await new CancelScope().run(async (scope) => {
    void Promise.resolve().then(() => {
      othersRan = true;
    });
    const running = call(scope);
    // A call that gives no promise has ended here, before anybody else ran.
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

describeEverywhere("checkpoints", (everywhere) => {
  everywhere("check throws when cancelled, and else neither throws nor yields (CONF-A02)", async () => {
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
  });

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

  everywhere("what could complete at once checks and yields as well (CONF-A04)", async () => {
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

  everywhere("checking alone and yielding alone are no checkpoints, both are one (CONF-A05)", async () => {
    const yieldOnly = (): Promise<void> => shield(() => sleep(0));
    expect(await isCheckpoint((scope) => scope.check())).toEqual({ checks: true, yields: false });
    expect(await isCheckpoint(yieldOnly)).toEqual({ checks: false, yields: true });
    expect(await isCheckpoint((scope) => yieldOnly().then(() => scope.check()))).toEqual({
      checks: true,
      yields: true,
    });
  });
});

class Watched extends CancellationSource {
  stopped = false;
  override start(): Disposable {
    return {
      [Symbol.dispose]: () => {
        this.stopped = true;
      },
    };
  }
}

describeEverywhere("closing", (everywhere) => {
  everywhere("has released what it can before its first await, also when cancelled (CONF-A09)", async () => {
    const outer = new Cancellable();
    await outer.settle(async () => {
      const source = new Watched("watched");
      const handle = Cancellable.withTimeout(60_000).addSource(source).start();
      const lock = new Lock();
      const lease = await lock.acquire();
      const queue = new Queue<number>(0);
      const getting = queue.get().catch((error: Error) => error.name);
      outer.cancel();
      const disposing = handle[Symbol.asyncDispose]();
      lease[Symbol.dispose]();
      queue.close();
      expect([source.stopped, handle.hasEnded, lock.isLocked, queue.isClosed]).toEqual([
        true,
        true,
        false,
        true,
      ]);
      await disposing;
      expect(await getting).toBe("AbortError");
      expect(outer.children).toEqual([]);
      await sleepForever();
    });
    expect(outer.context.status).toBe("cancelled");
  });
});
