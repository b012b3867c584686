import { expect, vi } from "vitest";
import {
  after,
  Cancellable,
  CancellationToken,
  CancelScope,
  CapacityLimiter,
  currentScope,
  Deferred,
  DeferredCancelledError,
  Event,
  type Lease,
  Lock,
  Queue,
  QueueClosedError,
  QueueReceiver,
  QueueSender,
  race,
  run,
  type SelectArm,
  Semaphore,
  select,
  sleep,
  type Task,
  TaskFailedError,
  taskGroup,
  waitFor,
  withTimeout,
} from "../../src/index.ts";
import { Barrier, Broadcast, RateLimiter, ReadWriteLock } from "../../src/sync/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { deferred, describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { cancelledAtEveryTurn } from "../every-turn.ts";
import { kept } from "../kept.ts";
import { expectRejects, wrong } from "../refusals.ts";
import { Arm, wouldWait } from "../sync/arms.ts";
import { usage } from "../until.ts";

/** Something that an arm can take, of which there is none at first. */
interface Subject {
  readonly arm: SelectArm;
  /** Makes the arm ready, in this step. */
  ready(): void;
  /** Whether the thing that made the arm ready is still there. */
  isLeft(): boolean;
  /** The number of waiters in the lines. */
  waiting(): number;
}

function getting(of: (queue: Queue<string>) => SelectArm): Subject {
  const queue = new Queue<string>();
  return {
    arm: of(queue),
    ready: () => queue.putNowait("item"),
    isLeft: () => queue.size === 1 && queue.getNowait() === "item",
    waiting: () => queue.waitingGetters,
  };
}

function putting(of: (queue: Queue<string>) => SelectArm): Subject {
  const queue = new Queue<string>(1);
  queue.putNowait("full");
  return {
    arm: of(queue),
    ready: () => void queue.getNowait(),
    isLeft: () => queue.size === 0,
    waiting: () => queue.waitingPutters,
  };
}

function readWrite(of: (lock: ReadWriteLock) => SelectArm): Subject {
  const lock = new ReadWriteLock();
  const held = lock.writing().arm.poll(currentScope().node) as Lease;
  return {
    arm: of(lock),
    ready: () => held.release(),
    isLeft: () => !lock.isWriting && lock.readers === 0,
    waiting: () => lock.waiting,
  };
}

const subjects: Readonly<Record<string, () => Subject>> = {
  "a queue": () => getting((queue) => queue),
  "a receiver": () => getting((queue) => kept(new QueueReceiver(queue))),
  "queue.putting": () => putting((queue) => queue.putting("put")),
  "sender.putting": () => putting((queue) => kept(new QueueSender(queue)).putting("put")),
  "a lock": () => {
    const lock = new Lock();
    const lease = lock.acquireNowait();
    return {
      arm: lock,
      ready: () => lease.release(),
      isLeft: () => !lock.isLocked,
      waiting: () => lock.waiting,
    };
  },
  "a semaphore": () => {
    const semaphore = new Semaphore(0);
    return {
      arm: semaphore,
      ready: () => semaphore.release(),
      isLeft: () => semaphore.value === 1,
      waiting: () => semaphore.waiting,
    };
  },
  "semaphore.acquiring": () => {
    const semaphore = new Semaphore(1);
    return {
      arm: semaphore.acquiring({ weight: 2, priority: 1 }),
      ready: () => semaphore.release(),
      isLeft: () => semaphore.value === 2,
      waiting: () => semaphore.waiting,
    };
  },
  "limiter.acquiring": () => {
    const limiter = new CapacityLimiter(0);
    return {
      arm: limiter.acquiring({ borrower: "key" }),
      ready: () => void (limiter.total = 1),
      isLeft: () => limiter.available === 1,
      waiting: () => limiter.waiting,
    };
  },
  "rw.reading": () => readWrite((lock) => lock.reading()),
  "rw.writing": () => readWrite((lock) => lock.writing()),
  "a subscription": () => {
    const broadcast = new Broadcast<string>();
    const subscription = broadcast.subscribe();
    return {
      arm: subscription,
      ready: () => broadcast.publishNowait("item"),
      isLeft: () => subscription.size === 1,
      waiting: () => subscription.waiting,
    };
  },
  "a limiter": () => {
    const limiter = new CapacityLimiter(0);
    return {
      arm: limiter,
      ready: () => void (limiter.total = 1),
      isLeft: () => limiter.available === 1,
      waiting: () => limiter.waiting,
    };
  },
  "an event": () => {
    const event = new Event();
    return { arm: event, ready: () => event.set(), isLeft: () => event.isSet, waiting: () => event.waiting };
  },
  "a deferred": () => {
    const value = new Deferred<number>();
    return {
      arm: value,
      ready: () => void value.resolve(1),
      isLeft: () => value.isSettled,
      waiting: () => value.waiting,
    };
  },
  "a token": () => {
    const token = new CancellationToken();
    return {
      arm: token,
      ready: () => void token.cancel(),
      isLeft: () => token.isCancelled,
      waiting: () => (token.node.waiters === undefined ? 0 : 1),
    };
  },
};

/** The subjects that stay as they were when their arm is chosen. */
const levels = ["an event", "a deferred", "a token"];

describeEverywhere("select takes from exactly one arm (VERB-22)", (everywhere) => {
  for (const [one, createOne] of Object.entries(subjects)) {
    everywhere(`${one} and each other arm, ready in one turn: the first to be ready is taken`, async () => {
      for (const createOther of Object.values(subjects)) {
        for (const swapped of [false, true]) {
          const [first, second] = [createOne(), createOther()];
          const arms = swapped
            ? { second: second.arm, first: first.arm }
            : { first: first.arm, second: second.arm };
          const chosen = select(arms);
          expect([first.waiting(), second.waiting()]).toEqual([1, 1]);
          first.ready();
          expect([first.waiting(), second.waiting()]).toEqual([0, 0]);
          second.ready();
          expect((await chosen).key).toBe("first");
          expect([first.isLeft(), second.isLeft()]).toEqual([levels.includes(one), true]);
        }
      }
    });

    everywhere(`${one} and each other arm, ready before: the first one in the list is taken`, async () => {
      for (const createOther of Object.values(subjects)) {
        const [first, second] = [createOne(), createOther()];
        first.ready();
        second.ready();
        expect((await select({ first: first.arm, second: second.arm })).key).toBe("first");
        expect([first.isLeft(), second.isLeft()]).toEqual([levels.includes(one), true]);
        expect([first.waiting(), second.waiting()]).toEqual([0, 0]);
      }
    });

    everywhere(`${one} loses nothing to a promise, a task or a time`, async () => {
      const promise = deferred<string>();
      await taskGroup(async (group) => {
        const task = group.startSoon(async () => {
          await sleep(2);
          return "task";
        });
        for (const late of [promise.promise, task, after(1)]) {
          const { arm, ready, isLeft, waiting } = createOne();
          const chosen = select({ arm, late });
          if (late === promise.promise) promise.resolve("promise");
          expect(await chosen).toMatchObject({ key: "late" });
          expect(waiting()).toBe(0);
          ready();
          expect(isLeft()).toBe(true);
        }
      });
    });

    everywhere(`${one}: a cancelled select leaves its lines and takes nothing`, async () => {
      const { arm, ready, isLeft, waiting } = createOne();
      const scope = new CancelScope();
      const cancelled = scope.run(() => select({ arm, other: new Event() }));
      expect(waiting()).toBe(1);
      scope.cancel();
      expect(waiting()).toBe(0);
      ready();
      expect([await cancelled, isLeft()]).toEqual([undefined, true]);
    });

    everywhere(`${one}: served and cancelled in one turn, the value is delivered (VERB-25)`, async () => {
      const { arm, ready, isLeft } = createOne();
      const scope = new CancelScope();
      const chosen = scope.run(() => select({ other: new Event(), arm }));
      ready();
      scope.cancel();
      expect(await chosen).toMatchObject({ key: "arm" });
      expect(isLeft()).toBe(levels.includes(one));
    });

    everywhere(`${one}: in a cancelled scope select takes nothing`, async () => {
      const { arm, ready, isLeft } = createOne();
      ready();
      const scope = new CancelScope();
      const cancelled = scope.run(() => {
        scope.cancel();
        return select({ arm });
      });
      expect([await cancelled, isLeft()]).toEqual([undefined, true]);
    });
  }

  everywhere("the values are those of the arms", async () => {
    const [queue, semaphore, value] = [new Queue<string>(), new Semaphore(1), new Deferred<number>()];
    queue.putNowait("item");
    value.resolve(7);
    expect(await select({ queue })).toEqual({ key: "queue", value: "item" });
    expect(await select({ put: queue.putting("x") })).toEqual({ key: "put", value: undefined });
    expect(await select({ value })).toEqual({ key: "value", value: 7 });
    expect(await select({ promise: Promise.resolve("p") })).toEqual({ key: "promise", value: "p" });
    const { value: lease } = await select({ semaphore });
    expect(semaphore.value).toBe(0);
    lease.release();
    expect(semaphore.value).toBe(1);
    expect(await select({ none: undefined, queue })).toEqual({ key: "queue", value: "x" });
  });
});

describeEverywhere("select and the lines", (everywhere) => {
  everywhere("a select is served in its place, and does not disturb other places (VERB-23)", async () => {
    const [queue, event] = [new Queue<number>(), new Event()];
    const got: string[] = [];
    await taskGroup(async (group) => {
      group.startSoon(async () => void got.push(`select ${(await select({ queue, event })).value}`));
      await sleep(0);
      group.startSoon(async () => void got.push(`get ${await queue.get()}`));
      const others = Array.from({ length: 100 }, () => group.startSoon(() => event.wait()));
      await sleep(0);
      for (const other of others.slice(0, 50)) other.cancel();
      queue.putNowait(1);
      queue.putNowait(2);
      await sleep(0);
      event.set();
    });
    expect(got.sort()).toEqual(["get 2", "select 1"]);
  });

  everywhere(
    "a select does not match itself on a rendezvous, and two match each other (VERB-24)",
    async () => {
      const r = new Queue<string>(0);
      const one = select({ in: r, out: r.putting("a") });
      await sleep(0);
      expect([r.waitingGetters, r.waitingPutters]).toEqual([1, 1]);
      const other = select({ in: r, out: r.putting("b") });
      expect([await one, await other]).toEqual([
        { key: "out", value: undefined },
        { key: "in", value: "a" },
      ]);
      expect([r.waitingGetters, r.waitingPutters, r.size]).toEqual([0, 0, 0]);
    },
  );

  everywhere("item, second item and cancel() in one turn: the second one stays (VERB-25)", async () => {
    const queue = new Queue<string>();
    const scope = new CancelScope();
    const chosen = scope.run(async (own) => {
      const first = await select({ queue, never: new Event() });
      return [first.value, await rejection(sleep(0)).then((error) => error === own.error)];
    });
    queue.putNowait("first");
    queue.putNowait("second");
    scope.cancel();
    expect(await chosen).toEqual(["first", true]);
    expect(queue.getNowait()).toBe("second");
  });

  everywhere("one queue may be several arms", async () => {
    const queue = new Queue<string>();
    const chosen = select({ one: queue, two: queue });
    expect(queue.waitingGetters).toBe(2);
    queue.putNowait("a");
    queue.putNowait("b");
    expect(await chosen).toEqual({ key: "one", value: "a" });
    expect([queue.size, queue.waitingGetters]).toEqual([1, 0]);
  });

  everywhere("a select leaves all its lines before any of them is served again", async () => {
    const [queue, semaphore] = [new Queue<string>(), new Semaphore(1)];
    const [big, small] = [semaphore.acquiring({ weight: 2 }), semaphore.acquiring()];
    const scope = new CancelScope();
    const first = scope.run(() => semaphore.acquire({ weight: 2 }));
    const chosen = select({ queue, big, small });
    scope.cancel();
    await first;
    // `small` waits behind `big`, for which there is one permit too little.
    expect([semaphore.value, semaphore.waiting]).toEqual([1, 2]);
    queue.putNowait("item");
    expect(await chosen).toEqual({ key: "queue", value: "item" });
    expect([semaphore.value, semaphore.waiting]).toEqual([1, 0]);
  });

  everywhere("an arm that is served while select joins its lines ends the select", async (t) => {
    const [limiter, queue] = [new RateLimiter({ limit: 1, per: 10 }), new Queue<string>()];
    await limiter.acquire();
    const slow = new Arm(
      () => {
        t.block(20); // the time of the limiter comes after the look at it
        return wouldWait;
      },
      () => ({ withdraw: () => {} }),
    );
    expect(await select({ limiter, slow: { arm: slow }, queue })).toMatchObject({ key: "limiter" });
    expect([limiter.waiting, queue.waiting]).toEqual([0, 0]);
  });

  everywhere("a party at a barrier may be an arm", async () => {
    const barrier = new Barrier(2);
    const chosen = select({ never: new Event(), barrier });
    expect(await barrier.wait()).toBe(1);
    expect(await chosen).toEqual({ key: "barrier", value: 0 });
  });

  everywhere("a select can be given to waitFor, withTimeout and race, and loses nothing there", async () => {
    const [queue, lock] = [new Queue<string>(), new Lock()];
    const held = lock.acquireNowait();
    expect(await rejection(withTimeout(5, select({ queue, lock })))).toMatchObject({ reason: "timeout" });
    const scope = new CancelScope();
    const waiting = select({ queue, lock });
    const given = scope.run(() => waitFor(waiting));
    queue.putNowait("delivered");
    scope.cancel();
    expect(await given).toEqual({ key: "queue", value: "delivered" });
    const contest = race([() => select({ queue }), () => select({ lock })]);
    await sleep(0);
    queue.putNowait("wins");
    held.release();
    expect(await contest).toEqual({ key: "queue", value: "wins" });
    expect([queue.waiting, lock.waiting, lock.isLocked]).toEqual([0, 0, false]);
  });

  everywhere("a lease belongs to the task that selects", async () => {
    const lock = new Lock();
    await taskGroup(async (group) => {
      const held = lock.acquireNowait();
      group.startSoon(async () => {
        await select({ lock });
        lock.release();
      });
      group.startSoon(async () => {
        await sleep(1);
        held.release();
      });
    });
    expect(lock.isLocked).toBe(false);
  });

  everywhere("a cancellation of the scope in the options ends the select", async () => {
    const op = new Cancellable().start();
    const queue = new Queue<string>();
    const waiting = rejection(select({ queue }, { scope: op }));
    op.cancel();
    expect(queue.waitingGetters).toBe(0);
    expect(await waiting).toBe(op.token.error);
    await op[Symbol.asyncDispose]();
  });
});

describeEverywhere("arms of select that fail or never come", (everywhere) => {
  everywhere("an arm that fails rejects with its error and takes nothing elsewhere", async () => {
    for (const isReady of [true, false]) {
      const failure = new Error("failed");
      const [closed, other, value] = [new Queue<string>(), new Queue<string>(), new Deferred<never>()];
      const fail = (): void => {
        closed.close();
        value.reject(failure);
      };
      if (isReady) fail();
      const lost = [select({ closed, other }), select({ value, other })].map(rejection);
      if (!isReady) fail();
      other.putNowait("kept");
      expect(await Promise.all(lost)).toEqual([expect.any(QueueClosedError), failure]);
      expect([other.size, other.waitingGetters]).toEqual([1, 0]);
    }
    const cancelled = new Deferred<never>();
    cancelled.cancel();
    expect(await rejection(select({ cancelled }))).toBeInstanceOf(DeferredCancelledError);
  });

  everywhere("a failed task and a rejected promise are arms that fail", async () => {
    const failure = new Error("failed");
    const other = new Queue<string>();
    expect(await rejection(select({ promise: Promise.reject(failure), other }))).toBe(failure);
    const outside = currentScope();
    let failing!: Task<never>;
    const lost = taskGroup(async (group) => {
      failing = group.startSoon(async () => {
        await sleep(1);
        throw failure;
      });
      const error = await rejection(select({ failing, other }, { scope: outside }));
      expect(error).toBeInstanceOf(TaskFailedError);
      expect(error).toMatchObject({ cause: failure });
    });
    expect(await rejection(lost)).toBe(failure);
    expect(await rejection(select({ failing }))).toMatchObject({ cause: failure });
    expect(other.waitingGetters).toBe(0);
  });

  everywhere("a task that has ended is ready", async () => {
    await taskGroup(async (group) => {
      const task = group.startSoon(() => "value");
      await task.wait();
      expect(await select({ never: new Event(), task })).toEqual({ key: "task", value: "value" });
    });
  });

  everywhere("the lines of a queue that is sent away reject the select", async () => {
    const [queue, event] = [new Queue<string>(), new Event()];
    const failure = new Error("go away");
    const lost = rejection(select({ queue, event }));
    queue.rejectWaiters(failure);
    expect(await lost).toBe(failure);
    expect(event.waiting).toBe(0);
  });

  everywhere("a token that is closed while the arms are read takes no part", async () => {
    const [token, last, queue] = [new CancellationToken(), new CancellationToken(), new Queue<string>()];
    const waiting = select({
      token,
      get queue() {
        token.close();
        return queue;
      },
    });
    queue.putNowait("item");
    expect(await waiting).toEqual({ key: "queue", value: "item" });
    const closing = new CancellationToken();
    const lost = rejection(
      select({
        last,
        closing,
        get none() {
          closing.close();
          return undefined;
        },
      }),
    );
    last.close();
    expect(await lost).toMatchObject(usage("ERR_CLOSED"));
  });

  everywhere("a closed token takes no part, and one without other arms is refused", async () => {
    const [token, queue] = [new CancellationToken(), new Queue<string>()];
    const waiting = select({ token, queue });
    token.close();
    queue.putNowait("item");
    expect(await waiting).toEqual({ key: "queue", value: "item" });
    queue.putNowait("second");
    expect(await select({ token, none: CancellationToken.none, queue })).toMatchObject({ value: "second" });
    expect(await rejection(select({ token, none: CancellationToken.none }))).toMatchObject(
      usage("ERR_CLOSED"),
    );
    const late = new CancellationToken();
    const lost = rejection(select({ late, none: CancellationToken.none }));
    late.close();
    expect(await lost).toMatchObject(usage("ERR_CLOSED"));
  });

  everywhere(
    "a promise is only listened to: a promise is never ready at the first look, and stays",
    async () => {
      const queue = new Queue<string>();
      queue.putNowait("item");
      const promise = Promise.resolve("promise");
      expect(await select({ promise, queue })).toEqual({ key: "queue", value: "item" });
      const gate = deferred<string>();
      const late = select({ gate: gate.promise, queue });
      const both = [
        late,
        select({ gate: gate.promise }),
        select({ again: gate.promise, gate: gate.promise }),
      ];
      queue.putNowait("item");
      await late;
      gate.resolve("open");
      expect(await Promise.all(both)).toEqual([
        { key: "queue", value: "item" },
        { key: "gate", value: "open" },
        { key: "again", value: "open" },
      ]);
      expect(await select({ gate: gate.promise })).toEqual({ key: "gate", value: "open" });
    },
  );

  everywhere("many calls keep one reaction of a promise, however long it is pending", async () => {
    const queue = new Queue<number>();
    const gate = deferred();
    const then = vi.spyOn(gate.promise, "then");
    for (let i = 0; i < 100; i++) {
      queue.putNowait(i);
      await select({ gate: gate.promise, queue });
    }
    expect(then).toHaveBeenCalledTimes(1);
    gate.resolve();
  });

  everywhere("a promise that loses may reject later, without an unhandled rejection", async () => {
    const gate = deferred<string>();
    const queue = new Queue<string>();
    queue.putNowait("item");
    await select({ gate: gate.promise, queue });
    // The run fails if this is an unhandled rejection.
    gate.reject(new Error("late"));
    await sleep(1);
  });
});

describeEverywhere("select and time", (everywhere) => {
  everywhere("after() is ready when its span is over", async (t) => {
    expect(await select({ queue: new Queue(), late: after(10) })).toEqual({ key: "late", value: undefined });
    t.expectElapsed(10);
    expect(await select({ never: after(null), late: after({ milliseconds: 5 }) })).toMatchObject({
      key: "late",
    });
    t.expectElapsed(15);
  });

  everywhere("a span of 0 or less is ready at once, in its place in the list", async () => {
    const queue = new Queue<string>();
    queue.putNowait("item");
    expect((await select({ queue, now: after(0) })).key).toBe("queue");
    expect((await select({ queue, now: after(0) })).key).toBe("now");
    queue.putNowait("item");
    expect((await select({ now: after(-1), queue })).key).toBe("now");
  });

  inVirtualTime("the span counts from the call of select, and no timer is left", async (t) => {
    const soon = after(10);
    await sleep(100);
    await select({ soon });
    expect(t.elapsed()).toBe(110);
    const queue = new Queue<string>();
    const waiting = select({ queue, late: after(1_000) });
    queue.putNowait("item");
    await waiting;
    await sleep(1);
    expect(t.elapsed()).toBe(111);
  });
});

inVirtualTime(
  "fair: of two arms that are always ready, each is chosen about as often (VERB-27)",
  async () => {
    const draw = async (): Promise<string[]> => {
      const [one, two] = [new Event(), new Event()];
      one.set();
      two.set();
      const keys: string[] = [];
      for (let i = 0; i < 1_000; i++) keys.push((await select({ one, two }, { order: "fair" })).key);
      return keys;
    };
    const keys = await draw();
    const ones = keys.filter((key) => key === "one").length;
    expect(ones).toBeGreaterThan(400);
    expect(ones).toBeLessThan(600);
    const seeded = (): Promise<string[]> => run(draw, { backend: new VirtualBackend({ seed: 27 }) });
    expect(await seeded()).toEqual(await seeded());
  },
);

describeEverywhere("select refuses", (everywhere) => {
  everywhere("arms that are none, before anything is taken (VERB-27)", async () => {
    const queue = new Queue<string>();
    queue.putNowait("kept");
    const f = (): unknown => queue.get();
    const arm = "a queue, lock, semaphore, limiter, event, deferred, token, task, promise or after(span)";
    await expectRejects("TypeError", [
      [() => select(wrong(undefined)), "arms", "an object of named arms", "undefined"],
      [() => select(wrong([queue])), "arms", "an object of named arms", '[{"capacity":null}]'],
      [() => select({ queue, f: wrong(f) }), "arms.f", arm, "function f"],
      [() => select({ queue, text: wrong("text") }), "arms.text", arm, '"text"'],
      [() => select({ queue, nothing: wrong(null) }), "arms.nothing", arm, "null"],
      [() => select({ queue }, { order: wrong("any") }), "options.order", '"listed" or "fair"', '"any"'],
    ]);
    const some = "an object with at least one arm";
    await expectRejects("RangeError", [
      [() => select({}), "arms", some, "{}"],
      [() => select({ none: undefined, other: undefined }), "arms", some, "{}"],
    ]);
    expect(queue.size).toBe(1);
    expect(() => after(Number.NaN)).toThrow(RangeError);
    expect(() => after(wrong("5"))).toThrow(TypeError);
  });

  everywhere("a thenable that throws is a promise arm that fails", async () => {
    const failure = new Error("in then");
    const throwing: PromiseLike<never> = {
      then() {
        throw failure;
      },
    };
    const unreadable: PromiseLike<never> = {
      get then(): never {
        throw failure;
      },
    };
    for (const promise of [throwing, unreadable])
      expect(await rejection(select({ never: new Event(), promise }))).toBe(failure);
    expect(await rejection(select({ promise: Promise.reject(undefined) }))).toBeUndefined();
  });

  everywhere("an arm of another copy of the package", async () => {
    const foreign = { arm: { poll: () => "taken", line: () => undefined } };
    expect(await rejection(select({ foreign: wrong(foreign) }))).toMatchObject({
      name: "TypeError",
      message: expect.stringMatching(/^arms\.foreign must be a queue, .* of this copy of the package; got /),
    });
  });

  everywhere("a scope that has ended, and arms that cannot be read", async () => {
    const ended = new CancelScope();
    await ended.run(() => {});
    const queue = new Queue<string>();
    expect(await rejection(select({ queue }, { scope: ended }))).toMatchObject(usage("ERR_PARENT_ENDED"));
    const failure = new Error("unreadable");
    const odd = {
      get arm(): never {
        throw failure;
      },
    };
    expect(await rejection(select({ queue, odd: wrong(odd) }))).toBe(failure);
    expect(queue.waitingGetters).toBe(0);
  });
});

describeEverywhere("select in a loop", (everywhere) => {
  everywhere("over a promise that has settled, the event loop gets its turns (rule 29)", async (t) => {
    if (t.backend instanceof VirtualBackend) return;
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    const promise = Promise.resolve();
    while (turns === 0) await select({ promise }); // a loop without turns would never end
    clearInterval(ticking);
  });
});

const tally = { put: 0, got: 0, left: 0 };

cancelledAtEveryTurn(
  "a select that is cancelled at every turn leaves nothing and loses no item",
  async () => {
    const [queue, token] = [new Queue<number>(), new CancellationToken()];
    try {
      await taskGroup((group) => {
        group.startSoon(async () => {
          await sleep(5);
          queue.putNowait(1);
          tally.put++;
        });
        group.startSoon(async () => {
          const chosen = await select({ never: new Event(), queue, late: after(100), token });
          if (chosen.key === "queue") tally.got++;
        });
      });
    } finally {
      tally.left += queue.size;
      expect([queue.waiting, token.node.waiters]).toEqual([0, undefined]);
    }
  },
  { times: [0, 5], after: () => expect(tally.got + tally.left).toBe(tally.put) },
);
