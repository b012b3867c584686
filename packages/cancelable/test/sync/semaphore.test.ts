import { expect } from "vitest";
import { moveOnAfter, Semaphore, sleep, type Task, taskGroup } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { until, usage } from "../until.ts";

describeEverywhere("Semaphore: permits", (everywhere) => {
  everywhere("no more tasks run at once than there are permits, in order of arrival", async () => {
    const semaphore = new Semaphore(2);
    const order: number[] = [];
    let inside = 0;
    let most = 0;
    await taskGroup((group) => {
      for (let i = 0; i < 6; i++) {
        group.startSoon(() =>
          semaphore.run(async () => {
            order.push(i);
            most = Math.max(most, ++inside);
            await sleep(1);
            inside--;
          }),
        );
      }
    });
    expect(most).toBe(2);
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    expect([semaphore.value, semaphore.waiting]).toEqual([2, 0]);
  });

  everywhere(
    "any task may release, and the permit goes to the first waiter at once (CONF-K02, CONF-K03)",
    async () => {
      const semaphore = new Semaphore(0);
      const order: string[] = [];
      await taskGroup(async (group) => {
        for (const name of ["first", "second"]) {
          group.startSoon(async () => {
            await semaphore.acquire();
            order.push(name);
          });
        }
        await until(() => semaphore.waiting === 2);
        semaphore.release();
        expect([semaphore.value, semaphore.waiting]).toEqual([0, 1]);
        expect(() => semaphore.acquireNowait()).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
        semaphore.release();
      });
      expect(order).toEqual(["first", "second"]);
      semaphore.release();
      expect(semaphore.value).toBe(1);
    },
  );

  everywhere("acquireNowait takes a free permit", () => {
    const semaphore = new Semaphore(1);
    const lease = semaphore.acquireNowait();
    expect(semaphore.value).toBe(0);
    expect(() => semaphore.acquireNowait()).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
    lease[Symbol.dispose]();
    expect(semaphore.value).toBe(1);
  });

  everywhere("a lease gives its permit back once, however often it is disposed of", async () => {
    const semaphore = new Semaphore(2);
    const lease = await semaphore.acquire();
    lease[Symbol.dispose]();
    lease[Symbol.dispose]();
    expect(semaphore.value).toBe(2);
  });

  everywhere("run() gives the value back, and the permit when the body throws", async () => {
    const semaphore = new Semaphore(1);
    expect(await semaphore.run(async () => "value")).toBe("value");
    const failure = new Error("inside");
    expect(await rejection(semaphore.run(() => Promise.reject(failure)))).toBe(failure);
    expect(semaphore.value).toBe(1);
  });

  everywhere("a release above the maximum is an error and leaves the value (CONF-K01)", () => {
    const semaphore = new Semaphore(1, { max: 2 });
    semaphore.release();
    expect(() => semaphore.release()).toThrow(expect.objectContaining(usage("ERR_RELEASED_TOO_OFTEN")));
    expect(semaphore.value).toBe(2);
  });

  everywhere(
    "the arguments are whole numbers of at least 0, and the maximum is not below the initial value (CONF-K01)",
    () => {
      for (const initial of [-1, 0.5, Number.NaN]) expect(() => new Semaphore(initial)).toThrow(RangeError);
      expect(() => new Semaphore("1" as never)).toThrow(TypeError);
      expect(() => new Semaphore(2, { max: 1 })).toThrow(/options\.max/);
      expect(() => new Semaphore(0, null as never)).toThrow(TypeError);
      expect(new Semaphore(0, { max: 0 }).value).toBe(0);
      expect(new Semaphore(Number.POSITIVE_INFINITY).value).toBe(Number.POSITIVE_INFINITY);
    },
  );
});

describeEverywhere("Semaphore: a cancelled wait loses no permit", (everywhere) => {
  everywhere("a cancelled waiter leaves the line, and the others keep their places (CONF-K04)", async () => {
    const semaphore = new Semaphore(0);
    const order: number[] = [];
    await taskGroup(async (group) => {
      const tasks: Task<void>[] = [];
      for (let i = 0; i < 4; i++) {
        tasks.push(group.startSoon(async () => void (await semaphore.acquire(), order.push(i))));
      }
      await until(() => semaphore.waiting === 4);
      tasks[0]?.cancel();
      tasks[2]?.cancel();
      expect(semaphore.waiting).toBe(2);
      semaphore.release();
      semaphore.release();
    });
    expect(order).toEqual([1, 3]);
    expect(semaphore.value).toBe(0);
  });

  everywhere(
    "a waiter that is cancelled after the hand-over has the permit and gives it back (CONF-K04)",
    async () => {
      const semaphore = new Semaphore(0);
      let ran = false;
      await taskGroup(async (group) => {
        const lucky = group.startSoon(() =>
          semaphore.run(() => {
            ran = true;
          }),
        );
        await until(() => semaphore.waiting === 1);
        semaphore.release();
        lucky.cancel();
        await lucky.wait();
        expect(lucky.status).toBe("completed");
      });
      expect([ran, semaphore.value]).toEqual([true, 1]);
    },
  );

  everywhere("a waiter that is cancelled before the release leaves the permit free (CONF-K04)", async () => {
    const semaphore = new Semaphore(0);
    await taskGroup(async (group) => {
      const dying = group.startSoon(() => semaphore.acquire());
      await until(() => semaphore.waiting === 1);
      dying.cancel();
      semaphore.release();
      await dying.wait();
      expect(dying.status).toBe("cancelled");
    });
    expect([semaphore.value, semaphore.waiting]).toEqual([1, 0]);
  });

  everywhere("a timeout during the wait takes nothing", async () => {
    const semaphore = new Semaphore(0);
    expect(await moveOnAfter(5, () => semaphore.acquire())).toBeUndefined();
    expect(semaphore.waiting).toBe(0);
    semaphore.release();
    expect(semaphore.value).toBe(1);
  });

  everywhere("in a cancelled scope even a free permit is not taken (CONF-A08)", async () => {
    const semaphore = new Semaphore(1);
    await moveOnAfter(null, async (scope) => {
      scope.cancel();
      expect(await rejection(semaphore.acquire())).toBe(scope.error);
    });
    expect(semaphore.value).toBe(1);
  });
});
