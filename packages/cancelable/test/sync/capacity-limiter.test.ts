import { expect } from "vitest";
import { CapacityLimiter, map, moveOnAfter, sleep, type Task, taskGroup } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { until, usage } from "../until.ts";

describeEverywhere("CapacityLimiter: tokens and borrowers", (everywhere) => {
  everywhere("no more tasks run at once than the total", async () => {
    const limiter = new CapacityLimiter(2);
    let inside = 0;
    let most = 0;
    await taskGroup((group) => {
      for (let i = 0; i < 5; i++) {
        group.startSoon(() =>
          limiter.run(async () => {
            most = Math.max(most, ++inside);
            await sleep(1);
            inside--;
          }),
        );
      }
    });
    expect(most).toBe(2);
    expect([limiter.borrowed, limiter.available, limiter.waiting]).toEqual([0, 2, 0]);
  });

  everywhere(
    "each call in a task borrows a token of its own, and release() gives back the latest (CONF-M01)",
    async () => {
      const limiter = new CapacityLimiter(2);
      expect(() => limiter.release()).toThrow(expect.objectContaining(usage("ERR_NOT_HELD")));
      await taskGroup((group) => {
        group.startSoon(async () => {
          let inside = 0;
          const work = (): Promise<void> =>
            limiter.run(async () => {
              expect(++inside).toBeLessThanOrEqual(2);
              await sleep(1);
              inside--;
            });
          await Promise.all([work(), work(), work()]);
          const first = await limiter.acquire();
          limiter.acquireNowait();
          expect(() => limiter.acquireNowait()).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
          expect([limiter.borrowed, new Set(limiter.borrowers).size]).toEqual([2, 1]);
          limiter.release();
          first.release();
          expect(() => limiter.release()).toThrow(expect.objectContaining(usage("ERR_NOT_HELD")));
        });
      });
      expect(limiter.borrowed).toBe(0);
    },
  );

  everywhere("outside every task each acquire() is a borrower of its own", async () => {
    const limiter = new CapacityLimiter(2);
    const leases = [await limiter.acquire(), limiter.acquireNowait()];
    expect(limiter.borrowed).toBe(2);
    for (const lease of leases) lease[Symbol.dispose]();
    expect(limiter.borrowed).toBe(0);
  });

  everywhere("a caller may borrow on behalf of a key (CONF-M02)", async () => {
    const limiter = new CapacityLimiter(2);
    const key = { job: 7 };
    await limiter.acquire({ borrower: key });
    limiter.acquireNowait({ borrower: "other" });
    expect(limiter.borrowers).toEqual([key, "other"]);
    expect(await rejection(limiter.acquire({ borrower: key }))).toMatchObject(usage("ERR_ALREADY_HELD"));
    limiter.release({ borrower: key });
    expect(() => limiter.release({ borrower: key })).toThrow(expect.objectContaining(usage("ERR_NOT_HELD")));
    expect(limiter.borrowers).toEqual(["other"]);
    expect(await limiter.run(() => limiter.borrowers, { borrower: key })).toEqual(["other", key]);
    expect(limiter.borrowers).toEqual(["other"]);
  });

  everywhere("a lease gives its token back once, however often it is disposed of", async () => {
    const limiter = new CapacityLimiter(1);
    const first = await limiter.acquire({ borrower: "key" });
    first[Symbol.dispose]();
    const second = await limiter.acquire({ borrower: "key" });
    first[Symbol.dispose]();
    expect(limiter.borrowed).toBe(1);
    second[Symbol.dispose]();
    expect(limiter.borrowed).toBe(0);
  });

  everywhere("the total is a whole number of at least 0, or Infinity (CONF-M03)", () => {
    for (const total of [-1, 1.5, Number.NaN]) {
      expect(() => new CapacityLimiter(total)).toThrow(RangeError);
      expect(() => {
        new CapacityLimiter(1).total = total;
      }).toThrow(RangeError);
    }
    expect(() => new CapacityLimiter("1" as never)).toThrow(TypeError);
    const unlimited = new CapacityLimiter(Number.POSITIVE_INFINITY);
    for (let i = 0; i < 100; i++) unlimited.acquireNowait({ borrower: i });
    expect([unlimited.borrowed, unlimited.available]).toEqual([100, Number.POSITIVE_INFINITY]);
  });

  everywhere("a total of 0 admits no borrower (CONF-M03)", async () => {
    const limiter = new CapacityLimiter(0);
    expect(() => limiter.acquireNowait()).toThrow(expect.objectContaining(usage("ERR_WOULD_BLOCK")));
    expect(await moveOnAfter(5, () => limiter.acquire())).toBeUndefined();
    expect([limiter.borrowed, limiter.waiting]).toEqual([0, 0]);
  });
});

describeEverywhere("CapacityLimiter: the line", (everywhere) => {
  everywhere("raising the total wakes as many waiters as fit, in order (CONF-M04)", async () => {
    const limiter = new CapacityLimiter(0);
    const order: number[] = [];
    await taskGroup(async (group) => {
      for (let i = 0; i < 4; i++) {
        group.startSoon(async () => {
          await limiter.acquire({ borrower: i });
          order.push(i);
        });
      }
      await until(() => limiter.waiting === 4);
      limiter.total = 3;
      expect([limiter.borrowed, limiter.waiting]).toEqual([3, 1]);
      await until(() => order.length === 3);
      limiter.release({ borrower: 0 });
    });
    expect(order).toEqual([0, 1, 2, 3]);
  });

  everywhere(
    "below the number of borrowers, a lowered total admits no waiter until enough tokens are back (CONF-M04)",
    async () => {
      const limiter = new CapacityLimiter(3);
      for (const key of ["a", "b", "c"]) limiter.acquireNowait({ borrower: key });
      limiter.total = 1;
      expect(limiter.available).toBe(-2);
      await taskGroup(async (group) => {
        const waiter = group.startSoon(() => limiter.acquire({ borrower: "d" }));
        await until(() => limiter.waiting === 1);
        limiter.release({ borrower: "a" });
        limiter.release({ borrower: "b" });
        expect([limiter.available, limiter.waiting]).toEqual([0, 1]);
        limiter.release({ borrower: "c" });
        expect([limiter.available, limiter.waiting]).toEqual([0, 0]);
        await waiter;
      });
      expect(limiter.borrowers).toEqual(["d"]);
    },
  );

  everywhere("a returned token belongs to the first waiter before the waiter runs (CONF-M05)", async () => {
    const limiter = new CapacityLimiter(1);
    await taskGroup(async (group) => {
      const held = await limiter.acquire({ borrower: "holder" });
      group.startSoon(() => limiter.acquire({ borrower: "waiter" }));
      await until(() => limiter.waiting === 1);
      held[Symbol.dispose]();
      expect(limiter.borrowers).toEqual(["waiter"]);
      expect(() => limiter.acquireNowait({ borrower: "thief" })).toThrow(
        expect.objectContaining(usage("ERR_WOULD_BLOCK")),
      );
    });
  });

  everywhere("a cancelled waiter leaves the line, and the others keep their places (CONF-M06)", async () => {
    const limiter = new CapacityLimiter(1);
    const order: number[] = [];
    await taskGroup(async (group) => {
      const held = await limiter.acquire();
      const tasks: Task<void>[] = [];
      for (let i = 0; i < 4; i++) {
        tasks.push(group.startSoon(() => limiter.run(() => void order.push(i))));
      }
      await until(() => limiter.waiting === 4);
      tasks[0]?.cancel();
      tasks[2]?.cancel();
      expect(limiter.waiting).toBe(2);
      held[Symbol.dispose]();
    });
    expect(order).toEqual([1, 3]);
    expect(limiter.borrowed).toBe(0);
  });

  everywhere("of a hand-over and a cancellation in the same turn, the first decides (CONF-M06)", async () => {
    for (const [handedFirst, status] of [
      [true, "completed"],
      [false, "cancelled"],
    ] as const) {
      const limiter = new CapacityLimiter(1);
      await taskGroup(async (group) => {
        const held = await limiter.acquire();
        const task = group.startSoon(() => limiter.run(() => {}));
        await until(() => limiter.waiting === 1);
        if (handedFirst) held[Symbol.dispose]();
        task.cancel();
        held[Symbol.dispose]();
        await task.wait();
        expect(task.status).toBe(status);
      });
      expect([limiter.borrowed, limiter.waiting]).toEqual([0, 0]);
    }
  });

  everywhere("in a cancelled scope nothing is borrowed (CONF-A08)", async () => {
    const limiter = new CapacityLimiter(1);
    await moveOnAfter(null, async (scope) => {
      scope.cancel();
      expect(await rejection(limiter.acquire())).toBe(scope.error);
    });
    expect(limiter.borrowed).toBe(0);
  });
});

describeEverywhere("CapacityLimiter: facts", (everywhere) => {
  everywhere("borrowers and the number of waiters are visible (CONF-M07)", async () => {
    const limiter = new CapacityLimiter(2);
    const facts = (): unknown[] => [limiter.borrowed, limiter.available, limiter.waiting];
    expect(facts()).toEqual([0, 2, 0]);
    const [a, b] = [Symbol("a"), Symbol("b")];
    const leases = [await limiter.acquire({ borrower: a }), limiter.acquireNowait({ borrower: b })];
    expect([limiter.borrowers, limiter.total]).toEqual([[a, b], 2]);
    await taskGroup(async (group) => {
      const dying = group.startSoon(() => limiter.acquire());
      const next: Task<boolean> = group.startSoon(() => limiter.run(() => limiter.borrowers.includes(next)));
      await until(() => limiter.waiting === 2);
      expect(facts()).toEqual([2, 0, 2]);
      dying.cancel();
      expect(facts()).toEqual([2, 0, 1]);
      leases[0]?.[Symbol.dispose]();
      expect([...facts(), limiter.borrowers]).toEqual([2, 0, 0, [b, next]]);
      expect(await next).toBe(true);
    });
    leases[1]?.[Symbol.dispose]();
    expect([...facts(), limiter.borrowers]).toEqual([0, 2, 0, []]);
  });
});

describeEverywhere("CapacityLimiter: one token for each borrower", (everywhere) => {
  everywhere("a borrower that waits twice gets one token and is refused the second", async () => {
    const limiter = new CapacityLimiter(2);
    const leases = [await limiter.acquire({ borrower: "x" }), await limiter.acquire({ borrower: "y" })];
    const waiting = [limiter.acquire({ borrower: "k" }), limiter.acquire({ borrower: "k" })];
    for (const lease of leases) lease[Symbol.dispose]();
    const [first, second] = await Promise.allSettled(waiting);
    expect([first?.status, second]).toMatchObject([
      "fulfilled",
      { status: "rejected", reason: { code: "ERR_ALREADY_HELD" } },
    ]);
    expect([limiter.available, limiter.borrowed, limiter.waiting]).toEqual([1, 1, 0]);
    limiter.acquireNowait({ borrower: "z" });
    expect(() => limiter.acquireNowait({ borrower: "third" })).toThrow(
      expect.objectContaining({ code: "ERR_WOULD_BLOCK" }),
    );
    expect(limiter.borrowers).toEqual(["k", "z"]);
  });

  everywhere("release() gives back the latest lease of the calling task only", async () => {
    const limiter = new CapacityLimiter(3);
    const other = await limiter.acquire();
    await taskGroup(async (group) => {
      await group.startSoon(async () => {
        const [first, second] = [await limiter.acquire(), await limiter.acquire()];
        limiter.release();
        expect([limiter.borrowed, second.release(), first.release()]).toEqual([2, false, true]);
        expect(() => limiter.release()).toThrow(expect.objectContaining({ code: "ERR_NOT_HELD" }));
      });
    });
    expect(other.release()).toBe(true);
  });

  everywhere("a waiter that is refused does not block the waiter behind it", async () => {
    const limiter = new CapacityLimiter(1);
    const lease = await limiter.acquire({ borrower: "x" });
    const waiting = [
      limiter.acquire({ borrower: "k" }),
      limiter.acquire({ borrower: "k" }),
      limiter.acquire({ borrower: "behind" }),
    ];
    limiter.total = 2;
    lease[Symbol.dispose]();
    const statuses = (await Promise.allSettled(waiting)).map(({ status }) => status);
    expect(statuses).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });
});
