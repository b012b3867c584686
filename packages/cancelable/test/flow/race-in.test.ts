import { expect, vi } from "vitest";
import {
  any,
  Cancellable,
  CancelScope,
  currentScope,
  currentSignal,
  Event,
  type Lease,
  Queue,
  QueueClosedError,
  QueueReceiver,
  race,
  Semaphore,
  sleep,
  sleepForever,
  taskGroup,
  waitFor,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { deferred, describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { cancelledAtEveryTurn } from "../every-turn.ts";
import { kept } from "../kept.ts";

const verbs = { race, any };

/** Waits of this library, given to a contest as functions or as promises. */
const forms = {
  functions: (a: Queue<string>, b: Queue<string>) => [() => a.get(), () => b.get()],
  promises: (a: Queue<string>, b: Queue<string>) => [a.get(), b.get()],
  "functions with a scope": (a: Queue<string>, b: Queue<string>) => {
    const scope = currentScope();
    return [() => a.get({ scope }), () => b.get({ scope })];
  },
};

describeEverywhere("a contest of direct waits loses nothing (VERB-28)", (everywhere) => {
  for (const [name, verb] of Object.entries(verbs)) {
    for (const [form, tasks] of Object.entries(forms)) {
      everywhere(`${name}, ${form}: of two queues filled in one turn, one keeps its item`, async () => {
        const [a, b] = [new Queue<string>(), new Queue<string>()];
        const won = verb(tasks(a, b));
        await sleep(1);
        a.putNowait("a");
        b.putNowait("b");
        expect([a.waitingGetters, b.waitingGetters]).toEqual([0, 0]);
        expect(await won).toBe("a");
        expect([a.size, b.size]).toEqual([0, 1]);
      });

      everywhere(`${name}, ${form}: the wait that is served first wins, whatever its place`, async () => {
        const [a, b] = [new Queue<string>(), new Queue<string>()];
        const won = verb(tasks(a, b));
        await sleep(1);
        b.putNowait("b");
        a.putNowait("a");
        expect(await won).toBe("b");
        expect([a.size, b.size]).toEqual([1, 0]);
      });

      everywhere(
        `${name}, ${form}: served and cancelled from outside in one turn, the contest delivers`,
        async () => {
          const [a, b] = [new Queue<string>(), new Queue<string>()];
          const scope = new CancelScope();
          const won = scope.run(() => verb(tasks(a, b)));
          await sleep(1);
          a.putNowait("a");
          scope.cancel();
          b.putNowait("b");
          expect(await won).toBe("a");
          expect([a.size, b.size]).toEqual([0, 1]);
        },
      );

      everywhere(`${name}, ${form}: cancelled from outside, the contest takes nothing`, async () => {
        const [a, b] = [new Queue<string>(), new Queue<string>()];
        const scope = new CancelScope();
        const won = scope.run(() => verb(tasks(a, b)));
        await sleep(1);
        scope.cancel();
        a.putNowait("a");
        expect(await won).toBeUndefined();
        expect([a.size, a.waitingGetters, b.waitingGetters]).toEqual([1, 0, 0]);
      });
    }

    everywhere(`${name}: of two queues that are filled before, one keeps its item`, async () => {
      const [a, b] = [new Queue<string>(), new Queue<string>()];
      a.putNowait("a");
      b.putNowait("b");
      expect(await verb(forms.functions(a, b))).toBe("a");
      expect([a.size, b.size]).toEqual([0, 1]);
    });

    everywhere(`${name}: a wait that is served before its child has started wins`, async () => {
      const [a, b] = [new Queue<string>(), new Queue<string>()];
      const promise = b.get();
      const won = verb([() => a.get(), promise]);
      b.putNowait("b");
      a.putNowait("a");
      expect(await won).toBe("b");
      expect([a.size, b.size]).toEqual([1, 0]);
    });

    everywhere(`${name}: an item that was taken before the call wins over an item in a queue`, async () => {
      const [a, b] = [new Queue<string>(), new Queue<string>()];
      a.putNowait("a");
      b.putNowait("b");
      const taken = b.get();
      expect(await verb([() => a.get(), taken])).toBe("b");
      expect([a.size, b.size]).toEqual([1, 0]);
    });
  }

  everywhere(
    "in a cancelled scope, waits leave their lines, and values that they had go to onUndelivered",
    async () => {
      const [queue, taken, semaphore] = [new Queue<string>(), new Queue<string>(), new Semaphore(1)];
      taken.putNowait("taken");
      const lost: unknown[] = [];
      const scope = new CancelScope();
      const tasks = [queue.get(), taken.get()];
      const permit = semaphore.acquire();
      await scope.run(async () => {
        scope.cancel();
        await rejection(race(tasks, { onUndelivered: (value) => lost.push(value) }));
        expect(queue.waitingGetters).toBe(0);
        await race([permit]);
      });
      await Promise.all([tasks[1], permit]);
      expect([lost, semaphore.value]).toEqual([["taken"], 1]);
    },
  );

  everywhere("race: a wait that fails decides when it fails, and the others take nothing", async () => {
    const [a, b] = [new Queue<string>(), new Queue<string>()];
    const lost = rejection(race(forms.functions(a, b)));
    await sleep(1);
    a.close();
    b.putNowait("b");
    expect(await lost).toBeInstanceOf(QueueClosedError);
    expect(b.size).toBe(1);
  });

  everywhere("any: a wait that fails leaves the others in the contest", async () => {
    const [a, b] = [new Queue<string>(), new Queue<string>()];
    const won = any(forms.functions(a, b));
    await sleep(1);
    a.close();
    b.putNowait("b");
    expect(await won).toBe("b");
    const closed = await rejection(any([() => a.get(), kept(new QueueReceiver(a)).get()]));
    expect((closed as AggregateError).errors).toEqual([
      expect.any(QueueClosedError),
      expect.any(QueueClosedError),
    ]);
  });

  everywhere("a wait for foreign work that loses ends with the race", async () => {
    const queue = new Queue<string>();
    const work = deferred<string>();
    const won = race([() => waitFor(work.promise), () => queue.get()]);
    await sleep(1);
    queue.putNowait("item");
    work.resolve("late");
    expect(await won).toBe("item");
  });

  everywhere("a wait that another scope's cancellation ends has failed", async () => {
    const queue = new Queue<string>();
    const op = new Cancellable();
    const own = op.settle(() => sleepForever());
    const lost = rejection(race([(scope) => queue.get({ scope: op }), () => sleepForever()]));
    await sleep(1);
    op.cancel("shutdown");
    expect(await lost).toMatchObject({ reason: "shutdown" });
    await own;
  });

  everywhere("a loser keeps the places of others in its line as they are", async () => {
    const [a, b] = [new Queue<string>(), new Queue<string>()];
    const got: string[] = [];
    await taskGroup(async (group) => {
      group.startSoon(async () => void got.push(`first ${await b.get()}`));
      await sleep(1);
      group.startSoon(async () => void got.push(`race ${await race(forms.functions(a, b))}`));
      await sleep(1);
      group.startSoon(async () => void got.push(`last ${await b.get()}`));
      await sleep(1);
      a.putNowait("a");
      b.putNowait("b1");
      b.putNowait("b2");
    });
    expect(got.sort()).toEqual(["first b1", "last b2", "race a"]);
  });

  everywhere("no code of users runs in the hand-over", async () => {
    const event = new Event();
    const queue = new Queue<string>();
    const order: string[] = [];
    const won = race([
      () => event.wait(),
      () => queue.get(),
      async () => {
        currentSignal().addEventListener("abort", () => order.push("a loser's listener"));
        await sleepForever();
      },
    ]);
    await sleep(1);
    event.set();
    order.push("set() returned");
    await won;
    expect(order).toEqual(["set() returned", "a loser's listener"]);
  });
});

describeEverywhere("the losers of a contest", (everywhere) => {
  everywhere("the reason is superseded", async () => {
    let seen: unknown;
    await race([
      () => sleep(1),
      async () => {
        const signal = currentSignal();
        await sleepForever().catch(() => {});
        seen = signal.reason;
      },
    ]);
    expect(seen).toMatchObject({ reason: "superseded", message: "another task finished first" });
  });

  for (const [name, verb] of Object.entries(verbs)) {
    everywhere(`${name}: the value that a loser returns goes to onUndelivered`, async (t) => {
      const semaphore = new Semaphore(1);
      const lost: unknown[] = [];
      const failure = new Error("in onUndelivered");
      const tasks = [
        () => sleep(1).then(() => "winner"),
        () => sleepForever().catch(() => "loser"),
        () => sleepForever().catch(() => semaphore.acquireNowait()),
      ];
      const onUndelivered = (value: unknown): void => {
        lost.push(value);
        throw failure;
      };
      expect(await verb<Array<() => Promise<unknown>>>(tasks, { onUndelivered })).toBe("winner");
      expect(lost).toEqual(["loser", expect.objectContaining({ release: expect.any(Function) })]);
      expect(t.reported.splice(0)).toEqual([failure, failure]);
      expect(semaphore.value).toBe(0);
      (lost[1] as Lease).release();
    });

    everywhere(`${name}: without onUndelivered a loser's lease is released`, async () => {
      const semaphore = new Semaphore(1);
      const won = await verb<Array<() => Promise<unknown>>>([
        () => sleep(1).then(() => "winner"),
        () => sleepForever().catch(() => semaphore.acquireNowait()),
      ]);
      expect([won, semaphore.value]).toEqual(["winner", 1]);
    });

    everywhere(`${name}: onUndelivered must be a function`, async () => {
      const work = vi.fn();
      expect(await rejection(verb([work], { onUndelivered: 5 as never }))).toMatchObject({
        name: "TypeError",
        message: "options.onUndelivered must be a function; got 5",
      });
      expect(work).not.toHaveBeenCalled();
    });
  }
});

describeEverywhere("race over odd functions", (everywhere) => {
  everywhere("a function that throws, also undefined, and a thenable that throws are failures", async () => {
    const failure = new Error("odd");
    const fail = (error: unknown) => (): never => {
      throw error;
    };
    const thenable: PromiseLike<never> = { then: fail(failure) };
    expect(await rejection(race([fail(failure), () => sleepForever()]))).toBe(failure);
    expect(await rejection(race([fail(undefined), () => sleepForever()]))).toBeUndefined();
    expect(await rejection(race([() => thenable, () => sleepForever()]))).toBe(failure);
    expect(await rejection(race([thenable, () => sleepForever()]))).toBe(failure);
    expect(await any([fail(undefined), () => "success"])).toBe("success");
  });
});

describeEverywhere("random contests", () => {
  inVirtualTime("10,000 races of gets and acquires lose nothing (VERB-28)", async () => {
    const backend = new VirtualBackend({ seed: 28 });
    const random = (below: number): number => Math.floor(backend.random() * below);
    const queues = [new Queue<number>(), new Queue<number>()];
    const semaphore = new Semaphore(0);
    let [put, permits, got, acquired] = [0, 0, 0, 0];
    const act = (): void => {
      const queue = queues[random(2)];
      if (random(3) > 0) queue?.putNowait(put++);
      else {
        permits++;
        semaphore.release();
      }
    };
    const hops = async (): Promise<void> => {
      for (let i = random(6); i > 0; i--) await undefined;
    };
    for (let i = 0; i < 10_000; i++) {
      const scope = new CancelScope();
      const tasks: Array<() => Promise<unknown>> = [
        () => (queues[0] as Queue<number>).get(),
        () => (queues[1] as Queue<number>).get(),
        () => semaphore.acquire(),
      ];
      for (let n = random(3); n > 0; n--) tasks.push(tasks.shift() as () => Promise<unknown>);
      const racing = scope.run(() => race(tasks));
      await hops();
      if (random(3) === 0) act();
      if (random(4) === 0) await hops();
      if (random(3) === 0) scope.cancel();
      else if (random(3) === 0) act();
      if (random(2) === 0) act();
      scope.cancel();
      const value = await racing;
      if (typeof value === "number") got++;
      else if (value !== undefined) acquired++;
    }
    expect(queues.map((queue) => queue.waitingGetters)).toEqual([0, 0]);
    expect(semaphore.waiting).toBe(0);
    const left = queues.reduce((sum, queue) => sum + queue.size, 0);
    expect([got + left, acquired + semaphore.value]).toEqual([put, permits]);
    expect([got > 2_000, acquired > 500]).toEqual([true, true]);
  });
});

describeEverywhere("the same promise twice in a contest", (everywhere) => {
  for (const [name, verb] of Object.entries(verbs)) {
    everywhere(`${name}: the value is delivered, and does not count as the value of a loser`, async () => {
      const semaphore = new Semaphore(1);
      const acquiring = semaphore.acquire();
      const lease = await verb([acquiring, acquiring]);
      expect([lease.release(), semaphore.value]).toEqual([true, 1]);
      const [value, undelivered] = [Promise.resolve("value"), vi.fn()];
      expect(await verb([value, value], { onUndelivered: undelivered })).toBe("value");
      expect(undelivered).not.toHaveBeenCalled();
    });
  }
});

const tally = { put: 0, got: 0, left: 0 };

cancelledAtEveryTurn(
  "a race that is cancelled at every turn leaves nothing and loses no item (VERB-28)",
  async () => {
    const [a, b] = [new Queue<string>(), new Queue<string>()];
    try {
      await taskGroup((group) => {
        group.startSoon(async () => {
          await sleep(5);
          for (const queue of [b, a]) queue.putNowait("item");
          tally.put += 2;
        });
        group.startSoon(async () => {
          await race([() => a.get(), () => b.get(), () => sleep(100)]);
          tally.got++;
        });
      });
    } finally {
      tally.left += a.size + b.size;
      expect([a.waiting, b.waiting]).toEqual([0, 0]);
    }
  },
  { times: [0, 5], after: () => expect(tally.got + tally.left).toBe(tally.put) },
);
