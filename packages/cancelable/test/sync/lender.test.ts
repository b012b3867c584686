import fc from "fast-check";
import { describe, expect } from "vitest";
import {
  CancelScope,
  CapacityLimiter,
  type Lease,
  Lock,
  type PermitOptions,
  Semaphore,
  select,
  shield,
  sleep,
  type Task,
  taskGroup,
} from "../../src/index.ts";
import { ReadWriteLock } from "../../src/sync/index.ts";
import { describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { seeds } from "../model/settings.ts";
import { expectRejects, expectThrows, thrown, wrong } from "../refusals.ts";
import { usage } from "../until.ts";

const weighted = {
  Semaphore: (permits: number) => new Semaphore(permits),
  CapacityLimiter: (permits: number) => new CapacityLimiter(permits),
};

describeEverywhere("leases", (everywhere) => {
  everywhere("calls in one task wait for each other, and end in order (SYNC-01)", async () => {
    const [limiter, lock] = [new CapacityLimiter(2), new Lock()];
    const ended: string[] = [];
    await taskGroup((group) => {
      group.startSoon(async () => {
        const work = (name: string) => async (): Promise<void> => {
          await sleep(1);
          ended.push(name);
        };
        await Promise.all([1, 2, 3].map((n) => lock.run(work(`lock ${n}`))));
        await Promise.all([1, 2, 3].map((n) => limiter.run(work(`limiter ${n}`))));
      });
    });
    expect(ended).toEqual(["lock 1", "lock 2", "lock 3", "limiter 1", "limiter 2", "limiter 3"]);
  });

  everywhere("a task that ends with its lease breaks a lock, and keeps permits out (SYNC-01)", async () => {
    const [lock, semaphore, limiter] = [new Lock(), new Semaphore(1), new CapacityLimiter(1)];
    const leases: Lease[] = [];
    await taskGroup((group) => {
      group.startSoon(async () => {
        leases.push(await semaphore.acquire(), await limiter.acquire(), await lock.acquire());
      });
    });
    expect(await rejection(lock.acquire())).toMatchObject(usage("ERR_BROKEN"));
    expect([semaphore.value, limiter.available]).toEqual([0, 0]);
    for (const lease of leases) lease.release(); // handed on, and released by another task
    expect([semaphore.value, limiter.available]).toEqual([1, 1]);
  });
});

describeEverywhere("weights", (everywhere) => {
  for (const [name, create] of Object.entries(weighted)) {
    everywhere(`${name}: rejectWaiters serves no waiter behind a select that leaves (SYNC-03)`, async () => {
      const lender = create(2);
      const held = await lender.acquire();
      const failure = new Error("sent away");
      const lost = [
        select({
          one: lender.acquiring({ weight: 2, priority: 2 }),
          other: lender.acquiring({ weight: 2, priority: 1 }),
        }),
        lender.acquire(),
      ].map(rejection);
      lender.rejectWaiters(failure);
      expect(await Promise.all(lost)).toEqual([failure, failure]);
      held.release();
      await lender.acquire({ weight: 2 });
    });

    everywhere(
      `${name}: a call that asks for more than is free keeps its place, and is served first (SYNC-05)`,
      async () => {
        const lender = create(3);
        const order: string[] = [];
        const held = await lender.acquire({ weight: 2 });
        await taskGroup(async (group) => {
          group.startSoon(() => lender.run(() => void order.push("B"), { weight: 2 }));
          group.startSoon(() => lender.run(() => void order.push("C")));
          await sleep(1);
          expect([lender.waiting, order]).toEqual([2, []]);
          expect(thrown(() => lender.acquireNowait())).toMatchObject(usage("ERR_WOULD_BLOCK"));
          held.release();
        });
        expect(order).toEqual(["B", "C"]);
      },
    );

    everywhere(
      `${name}: the waiters behind a cancelled head are served when cancel() returns (SYNC-05)`,
      async () => {
        const lender = create(3);
        const held = await lender.acquire({ weight: 2 });
        await taskGroup(async (group) => {
          const b = group.startSoon(() => lender.acquire({ weight: 2 }));
          const c = group.startSoon(() => lender.acquire());
          await sleep(1);
          b.cancel();
          expect(lender.waiting).toBe(0);
          (await c).release();
        });
        held.release();
        await lender.whenIdle();
      },
    );

    everywhere(
      `${name}: a permit does not go to a waiter that the same cancellation ends (SYNC-05)`,
      async () => {
        const lender = create(3);
        const held = await lender.acquire({ weight: 2 });
        const order: string[] = [];
        const scope = new CancelScope();
        const cut = [rejection(lender.acquire({ weight: 2, scope })), rejection(lender.acquire({ scope }))];
        const behind = lender.acquire().then((lease) => {
          order.push("behind");
          return lease;
        });
        scope.signal.addEventListener("abort", () => order.push(`listener, ${lender.waiting} wait`));
        scope.cancel();
        expect(order).toEqual(["listener, 0 wait"]);
        for (const one of cut) expect(await one).toBe(scope.error);
        (await behind).release();
        held.release();
        await lender.whenIdle();
      },
    );

    everywhere(
      `${name}: a permit does not go to a wait that ends with its shield in a cancelled scope`,
      async () => {
        const lender = create(3);
        const held = await lender.acquire({ weight: 2 });
        const cut: Promise<unknown>[] = [];
        const scope = new CancelScope();
        await scope.run(async () => {
          scope.cancel();
          await shield(() => {
            cut.push(rejection(lender.acquire({ weight: 2 })), rejection(lender.acquire()));
          });
        });
        for (const one of cut) expect(await one).toBe(scope.error);
        lender.acquireNowait().release();
        held.release();
        await lender.whenIdle();
      },
    );

    everywhere(`${name}: a lease gives back its weight once`, async () => {
      const lender = create(5);
      const lease = await lender.acquire({ weight: 3 });
      const free = (): number => ("value" in lender ? lender.value : lender.available);
      expect(free()).toBe(2);
      expect([lease.release(), free(), lease.release(), free()]).toEqual([true, 5, false, 5]);
      {
        using _lease = lender.acquireNowait({ weight: 5 });
        expect(free()).toBe(0);
      }
      expect(free()).toBe(5);
    });

    everywhere(`${name}: a heavy call goes before a light one with a lower priority (SYNC-31)`, async () => {
      const lender = create(3);
      const held = [await lender.acquire(), await lender.acquire()];
      const order: string[] = [];
      await taskGroup(async (group) => {
        group.startSoon(() => lender.run(() => void order.push("priority 0"), { weight: 2 }));
        await sleep(1);
        const high = lender.acquireNowait({ priority: 9 });
        held.push(high);
        group.startSoon(() => lender.run(() => void order.push("priority 5"), { weight: 3, priority: 5 }));
        await sleep(1);
        for (const lease of held.splice(0, 2)) lease.release();
        expect(lender.waiting).toBe(2);
        high.release();
      });
      expect(order).toEqual(["priority 5", "priority 0"]);
    });
  }

  everywhere("release(n) serves as many as fit, and nothing above max (SYNC-07)", async () => {
    const semaphore = new Semaphore(0, { max: 3 });
    await taskGroup(async (group) => {
      const waiters = [1, 2, 1].map((weight) => group.startSoon(() => semaphore.acquire({ weight })));
      await sleep(1);
      semaphore.release(3);
      expect([semaphore.value, semaphore.waiting]).toEqual([0, 1]);
      expect(thrown(() => semaphore.release(4))).toMatchObject(usage("ERR_RELEASED_TOO_OFTEN"));
      expect([semaphore.value, semaphore.waiting]).toEqual([0, 1]);
      (await (waiters[0] as Task<Lease>)).release();
      await waiters[2];
    });
    semaphore.release(3);
    expect(thrown(() => semaphore.release())).toMatchObject(usage("ERR_RELEASED_TOO_OFTEN"));
    expect(semaphore.value).toBe(3);
  });

  everywhere("a weight that can never be served is refused at once, and wrong ones are", async () => {
    const [semaphore, limiter, lock] = [new Semaphore(1, { max: 2 }), new CapacityLimiter(1), new Lock()];
    const whole = "a whole number of at least 1";
    for (const weight of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expectRejects("RangeError", [
        [() => semaphore.acquire({ weight }), "options.weight", whole, String(weight)],
        [() => limiter.run(() => {}, { weight }), "options.weight", whole, String(weight)],
      ]);
      expectThrows("RangeError", [
        [() => semaphore.acquireNowait({ weight }), "options.weight", whole, String(weight)],
        [() => semaphore.acquiring({ weight }), "options.weight", whole, String(weight)],
        [() => limiter.acquiring({ weight }), "options.weight", whole, String(weight)],
        [() => semaphore.release(weight), "n", whole, String(weight)],
      ]);
    }
    await expectRejects("RangeError", [
      [() => semaphore.acquire({ weight: 3 }), "options.weight", "at most max (2)", "3"],
      [() => lock.acquire({ priority: Number.NaN }), "options.priority", "a number", "NaN"],
    ]);
    await expectRejects("TypeError", [
      [() => semaphore.acquire({ weight: wrong("1") }), "options.weight", "a number", '"1"'],
      [() => lock.acquire({ priority: wrong("high") }), "options.priority", "a number", '"high"'],
    ]);
    expect([semaphore.value, limiter.available, lock.isLocked]).toEqual([1, 1, false]);
  });

  everywhere("a limiter serves a weight above its total when the total is raised", async () => {
    const limiter = new CapacityLimiter(2);
    await taskGroup(async (group) => {
      const task = group.startSoon(() => limiter.acquire({ weight: 3 }));
      await sleep(1);
      limiter.total = 4;
      expect([limiter.borrowed, limiter.available, limiter.waiting]).toEqual([3, 1, 0]);
      (await task).release();
    });
  });
});

describeEverywhere("priorities", (everywhere) => {
  const prioritized: Readonly<
    Record<string, () => { readonly lender: Lock | Semaphore | CapacityLimiter; readonly held: Lease }>
  > = {
    Lock: () => {
      const lender = new Lock();
      return { lender, held: lender.acquireNowait() };
    },
    Semaphore: () => {
      const lender = new Semaphore(1);
      return { lender, held: lender.acquireNowait() };
    },
    CapacityLimiter: () => {
      const lender = new CapacityLimiter(1);
      return { lender, held: lender.acquireNowait() };
    },
  };
  for (const [name, create] of Object.entries(prioritized)) {
    everywhere(`${name}: the highest is served first, and equals by arrival (SYNC-06)`, async () => {
      const { lender, held } = create();
      const order: string[] = [];
      await taskGroup(async (group) => {
        for (const [label, priority] of [
          ["0", 0],
          ["5 first", 5],
          ["5 second", 5],
          ["1", 1],
          ["-1", -1],
        ] as const)
          group.startSoon(() => lender.run(() => void order.push(label), { priority }));
        await sleep(1);
        held.release();
      });
      expect(order).toEqual(["5 first", "5 second", "1", "0", "-1"]);
    });
  }

  everywhere("many different priorities come and go", async () => {
    const lock = new Lock();
    const held = lock.acquireNowait();
    const order: number[] = [];
    const scope = new CancelScope();
    for (let i = 0; i < 100; i++) void rejection(lock.acquire({ priority: i + 0.5, scope }));
    const waits = [7, 93, 50, 21].map((priority) => lock.run(() => void order.push(priority), { priority }));
    scope.cancel();
    for (let i = 0; i < 40; i++) {
      const last = new CancelScope();
      void rejection(lock.acquire({ priority: -i, scope: last }));
      last.cancel();
    }
    expect(lock.waiting).toBe(4);
    held.release();
    await Promise.all(waits);
    expect(order).toEqual([93, 50, 21, 7]);
  });
});

type Step =
  | { readonly do: "acquire"; readonly weight: number; readonly priority: number; readonly scope: number }
  | { readonly do: "release"; readonly which: number }
  | { readonly do: "cancel"; readonly scope: number };

interface Waiter {
  readonly id: number;
  readonly weight: number;
  readonly priority: number;
  readonly scope: number;
}

/** The rules in their shortest form: a sorted list, and its head. */
class Model {
  readonly waiting: Waiter[] = [];
  readonly held: Waiter[] = [];
  readonly granted: number[] = [];
  free: number;

  constructor(permits: number) {
    this.free = permits;
  }

  acquire(waiter: Waiter): void {
    this.waiting.push(waiter);
    this.waiting.sort((a, b) => b.priority - a.priority || a.id - b.id);
    this.serve();
  }

  release(which: number): number | undefined {
    const [waiter] = this.held.splice(which % Math.max(1, this.held.length), 1);
    this.free += waiter?.weight ?? 0;
    this.serve();
    return waiter?.id;
  }

  cancel(scope: number): void {
    this.waiting.splice(0, this.waiting.length, ...this.waiting.filter((one) => one.scope !== scope));
    this.serve();
  }

  private serve(): void {
    for (let head = this.waiting[0]; head !== undefined && head.weight <= this.free; head = this.waiting[0]) {
      this.waiting.shift();
      this.free -= head.weight;
      this.held.push(head);
      this.granted.push(head.id);
    }
  }
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("acquire" as const),
        weight: fc.integer({ min: 1, max: 4 }),
        priority: fc.integer({ min: 0, max: 3 }),
        scope: fc.nat(5),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("release" as const), which: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), scope: fc.nat(5) }) },
  ),
  { maxLength: 40 },
);

interface Lending {
  acquire(options: PermitOptions): Promise<Lease>;
  readonly waiting: number;
  whenIdle(): Promise<void>;
}

async function compare(lender: Lending, free: () => number, program: readonly Step[]): Promise<void> {
  const permits = free();
  const model = new Model(permits);
  const leases = new Map<number, Lease>();
  const granted: number[] = [];
  const scopes = Array.from({ length: 6 }, () => new CancelScope());
  for (const [id, step] of program.entries()) {
    if (step.do === "acquire") {
      const { weight, priority, scope } = step;
      lender.acquire({ weight, priority, scope: scopes[scope] }).then(
        (lease) => {
          granted.push(id);
          leases.set(id, lease);
        },
        () => {},
      );
      model.acquire({ id, weight, priority, scope });
    } else if (step.do === "cancel") {
      scopes[step.scope]?.cancel();
      scopes[step.scope] = new CancelScope();
      model.cancel(step.scope);
    } else {
      await Promise.resolve(); // the leases of the steps before have arrived
      const id = model.release(step.which);
      if (id !== undefined) leases.get(id)?.release();
    }
    expect([free(), lender.waiting]).toEqual([model.free, model.waiting.length]);
    expect(free() + model.held.reduce((sum, { weight }) => sum + weight, 0)).toBe(permits);
  }
  for (const scope of scopes) scope.cancel();
  await Promise.resolve();
  // The waits that the last cancellations made room for are not in the list of the model.
  expect(granted.slice(0, model.granted.length)).toEqual(model.granted);
  for (const lease of leases.values()) lease.release();
  await lender.whenIdle();
  expect([free(), lender.waiting]).toEqual([permits, 0]);
}

type Subject = readonly [lending: Lending, free: () => number];

const semaphore = (): Subject => {
  const one = new Semaphore(4);
  return [one, () => one.value];
};

const limiter = (): Subject => {
  const one = new CapacityLimiter(4);
  return [one, () => one.available];
};

/** More than a program has readers. A writer takes as many permits. */
const allReaders = 100;

const readWriteLock = (): Subject => {
  const one = new ReadWriteLock();
  const lending: Lending = {
    acquire: ({ weight, scope }) => (weight === 1 ? one.acquireRead({ scope }) : one.acquireWrite({ scope })),
    get waiting() {
      return one.waiting;
    },
    whenIdle: () => one.whenIdle(),
  };
  return [lending, () => (one.isWriting ? 0 : allReaders - one.readers)];
};

const readsAndWrites = steps.map((program) =>
  program.map((step) =>
    step.do === "acquire" ? { ...step, priority: 0, weight: step.weight === 4 ? allReaders : 1 } : step,
  ),
);

describe("random weights, priorities and cancellations: permits are neither lost nor made, and the order is the model's", () => {
  for (const seed of seeds) {
    for (const [name, make, programs] of [
      ["Semaphore", semaphore, steps],
      ["CapacityLimiter", limiter, steps],
      ["ReadWriteLock", readWriteLock, readsAndWrites],
    ] as const) {
      inVirtualTime(`${name} (SYNC-08) [seed ${seed}]`, () =>
        fc.assert(
          fc.asyncProperty(programs, (program) => compare(...make(), program)),
          { seed, numRuns: 4_000 },
        ),
      );
    }
  }
});
