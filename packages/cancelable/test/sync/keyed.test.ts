import { expect, test } from "vitest";
import {
  CancelScope,
  CapacityLimiter,
  type Lease,
  Lock,
  Semaphore,
  sleep,
  taskGroup,
} from "../../src/index.ts";
import { Keyed, RateLimiter } from "../../src/sync/index.ts";
import { describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { runScript } from "../child.ts";
import { expectRejects, expectThrows, wrong } from "../refusals.ts";
import { usage } from "../until.ts";

describeEverywhere("Keyed", (everywhere) => {
  everywhere(
    "one key is one lock for holders and waiters, and the lock goes when all are done (SYNC-13)",
    async () => {
      let made = 0;
      const locks = new Keyed(() => {
        made++;
        return new Lock();
      });
      const steps: string[] = [];
      const a = await locks.acquire("key");
      await taskGroup(async (group) => {
        group.startSoon(async () => {
          using _b = await locks.acquire("key");
          steps.push("b holds");
          await sleep(5);
          steps.push("b is done");
        });
        await sleep(0);
        a.release();
        using _c = await locks.acquire("key");
        steps.push("c holds");
        expect(locks.size).toBe(1);
      });
      expect([steps, locks.size, made]).toEqual([["b holds", "b is done", "c holds"], 0, 1]);
    },
  );

  everywhere(
    "a caller that comes in the turn of the last release never meets another one (SYNC-14)",
    async () => {
      const locks = new Keyed<string, Lock>(() => new Lock());
      let inside = 0;
      let most = 0;
      const enter = (): Promise<void> =>
        locks.run("key", async () => {
          most = Math.max(most, ++inside);
          await sleep(0);
          inside--;
        });
      const lease = await locks.acquire("key");
      await taskGroup((group) => {
        group.startSoon(enter);
        lease.release();
        group.startSoon(enter);
        const again = locks.acquire("key");
        group.startSoon(enter);
        group.startSoon(async () => {
          const held = await again;
          most = Math.max(most, ++inside);
          inside--;
          held.release();
          await enter();
        });
      });
      expect([most, locks.size]).toEqual([1, 0]);
    },
  );

  everywhere("keys do not wait for one another", async () => {
    const locks = new Keyed<number, Lock>(() => new Lock());
    const leases = await Promise.all([1, 2, 3].map((key) => locks.acquire(key)));
    expect(locks.size).toBe(3);
    for (const lease of leases) lease.release();
    expect(locks.size).toBe(0);
  });

  everywhere("semaphores and limiters are kept while any of their permits is out", async () => {
    for (const make of [() => new Semaphore(2), () => new CapacityLimiter(2)]) {
      const keyed = new Keyed<string, Semaphore | CapacityLimiter>(make);
      const [first, second] = [await keyed.acquire("key"), await keyed.acquire("key")];
      first.release();
      expect(keyed.size).toBe(1);
      const third = await keyed.acquire("key");
      second.release();
      third.release();
      expect(keyed.size).toBe(0);
    }
  });

  everywhere("a call that is cancelled, before or while it waits, leaves nothing", async () => {
    const locks = new Keyed<string, Lock>(() => new Lock());
    const scope = new CancelScope();
    const lease = await locks.acquire("held");
    await taskGroup(async (group) => {
      group.startSoon(() => scope.run(() => locks.acquire("held")));
      await sleep(0);
      scope.cancel();
    });
    expect(scope.cancelledCaught).toBe(true);
    lease.release();
    expect(locks.size).toBe(0);
    const cancelled = new CancelScope();
    await cancelled.run(async () => {
      cancelled.cancel();
      await locks.acquire("free");
    });
    expect(cancelled.cancelledCaught).toBe(true);
    expect(locks.size).toBe(0);
  });

  everywhere("a lock that its task has broken stays broken for its key", async () => {
    const locks = new Keyed<string, Lock>(() => new Lock());
    await taskGroup((group) => {
      group.startSoon(() => locks.acquire("key"));
    });
    expect(await rejection(locks.acquire("key"))).toMatchObject(usage("ERR_BROKEN"));
    expect(locks.size).toBe(1);
  });

  everywhere("a make that asks for its own key leaves one lock for the key (SYNC-13)", async () => {
    const inner: Promise<Lease>[] = [];
    let isOuter = true;
    const locks = new Keyed<string, Lock>((key) => {
      if (isOuter) {
        isOuter = false;
        inner.push(locks.acquire(key));
      }
      return new Lock();
    });
    const outer = locks.acquire("key");
    const [held] = (await Promise.all(inner)) as [Lease];
    expect(locks.size).toBe(1);
    const steps: string[] = [];
    const entered = outer.then((lease) => {
      steps.push("outer");
      lease.release();
    });
    await sleep(0);
    steps.push("inner is done");
    held.release();
    await entered;
    expect(steps).toEqual(["inner is done", "outer"]);
    expect(locks.size).toBe(0);
  });

  everywhere("an error of make rejects the call, and the next one makes again", async () => {
    const failure = new Error("no lock");
    let fails = true;
    const locks = new Keyed<string, Lock>((key) => {
      expect(key).toBe("key");
      if (fails) throw failure;
      return new Lock();
    });
    expect([await rejection(locks.acquire("key")), await rejection(locks.run("key", () => {}))]).toEqual([
      failure,
      failure,
    ]);
    expect(locks.size).toBe(0);
    fails = false;
    expect(await locks.run("key", () => 7)).toBe(7);
  });

  everywhere("wrong arguments are refused", async () => {
    expectThrows("TypeError", [
      [() => new Keyed(wrong(new Lock())), "make", "a function", "an instance of Lock"],
    ]);
    const what = "a Lock, Semaphore, CapacityLimiter or RateLimiter";
    await expectRejects("TypeError", [
      [() => new Keyed(() => wrong(1)).acquire("key"), "the result of make", what, "1"],
      [() => new Keyed(() => wrong({ acquire() {} })).acquire("key"), "the result of make", what, "{}"],
      [() => new Keyed(() => new Lock()).run("key", wrong(1)), "body", "a function", "1"],
    ]);
    expect(await rejection(new Keyed(() => new Lock()).acquire("key", wrong({ scop: 1 })))).toMatchObject({
      code: "ERR_UNKNOWN_OPTION",
    });
  });
});

inVirtualTime("a rate limiter is kept until it has all its starts back (SYNC-13)", async ({ elapsed }) => {
  const rates = new Keyed<string, RateLimiter>(() => new RateLimiter({ limit: 1, per: 100 }));
  const times = async (key: string): Promise<number> => rates.run(key, elapsed);
  expect(await Promise.all([times("a"), times("a"), times("b")])).toEqual([0, 100, 0]);
  expect(rates.size).toBe(1); // b has its start back at 100, and a at 200
  await sleep(100);
  expect(rates.size).toBe(0);
  const windows = new Keyed(() => new RateLimiter({ limit: 2, per: 100, kind: "window" }));
  await windows.acquire("a");
  await sleep(99);
  expect(windows.size).toBe(1);
  await sleep(1);
  expect(windows.size).toBe(0);
});

test("100,000 keys leave no memory behind, with locks and with rate limiters (SYNC-13)", async () => {
  const { code, output, errors } = await runScript(
    `
    import { Lock, run, sleep } from "@hother/cancelable";
    import { Keyed, RateLimiter } from "@hother/cancelable/sync";
    import { VirtualBackend } from "@hother/cancelable/testing";
    const heap = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
    const backend = new VirtualBackend();
    await run(async () => {
      const locks = new Keyed(() => new Lock());
      const rates = new Keyed(() => new RateLimiter({ limit: 1, per: 100 }));
      let key = 0;
      const use = async (count) => {
        for (let i = 0; i < count; i++, key++) {
          await locks.run(key, () => {});
          await rates.acquire(key);
          if (key % 100 === 0) await sleep(10);
        }
        // Many at one time, and nothing is asked of them afterwards.
        const leases = await Promise.all(Array.from({ length: count }, (_, i) => locks.acquire(i)));
        for (const lease of leases) lease.release();
      };
      await use(10_000);
      const before = heap();
      await use(100_000);
      console.log(Math.round((heap() - before) / 1024), locks.size, backend.timerCount);
    }, { backend });
    `,
    ["--expose-gc"],
  );
  const [kilobytes, size, timers] = output.trim().split(" ").map(Number);
  expect([code, errors, size, timers]).toEqual([0, "", 0, 0]);
  // An entry takes some hundred bytes: 100,000 of them would be 20 MB or more.
  expect(kilobytes).toBeLessThan(3_000);
});
