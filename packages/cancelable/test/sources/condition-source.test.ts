import { expect } from "vitest";
import {
  all,
  Cancellable,
  CancellationError,
  CancellationSource,
  CapacityLimiter,
  map,
  moveOnAfter,
  type SourceSink,
  shield,
  sleep,
  sleepForever,
  type Task,
  taskGroup,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("nothing more is begun once the end is decided", (everywhere) => {
  everywhere("map makes no further call after a failure, while those that run go on", async () => {
    const failure = new Error("first");
    const called: number[] = [];
    const ended: number[] = [];
    const error = await rejection(
      map(
        [0, 1, 2, 3, 4],
        async (i) => {
          called.push(i);
          // Deaf to cancellation, so that its worker is free again after the failure.
          await shield(() => sleep(5 + 10 * i));
          if (i === 0) throw failure;
          ended.push(i);
        },
        { concurrency: 2 },
      ),
    );
    expect(error).toBe(failure);
    expect([called, ended]).toEqual([[0, 1], [1]]);
  });

  everywhere("map makes no further call after its time is over, though the calls are deaf", async (t) => {
    let calls = 0;
    const result = await moveOnAfter(25, () =>
      map(
        Array.from({ length: 50 }),
        async () => {
          calls++;
          await shield(() => sleep(10));
        },
        { concurrency: 1 },
      ),
    );
    expect(result).toBeUndefined();
    if (t.backend instanceof VirtualBackend) {
      expect(calls).toBe(3);
      t.expectElapsed(30);
    } else expect(calls).toBeLessThanOrEqual(3);
  });

  everywhere("all begins no further work after a failure", async () => {
    const begun: number[] = [];
    const works = [0, 1, 2, 3, 4].map((i) => async () => {
      begun.push(i);
      await shield(() => sleep(5 + 10 * i));
      if (i === 0) throw new Error("first");
    });
    await rejection(all(works, { concurrency: 2 }));
    expect(begun).toEqual([0, 1]);
  });
});

describeEverywhere("a limiter lends each borrower one token", (everywhere) => {
  everywhere("one that stands in line twice gets one, and is refused the other", async () => {
    const limiter = new CapacityLimiter(2);
    const leases = [await limiter.acquire("x"), await limiter.acquire("y")];
    const waiting = [limiter.acquire("k"), limiter.acquire("k")];
    for (const lease of leases) lease[Symbol.dispose]();
    const [first, second] = await Promise.allSettled(waiting);
    expect([first?.status, second]).toMatchObject([
      "fulfilled",
      { status: "rejected", reason: { code: "ERR_ALREADY_HELD" } },
    ]);
    expect([limiter.available, limiter.borrowed, limiter.waiting]).toEqual([1, 1, 0]);
    limiter.acquireNowait("z");
    expect(() => limiter.acquireNowait("third")).toThrow(
      expect.objectContaining({ code: "ERR_WOULD_BLOCK" }),
    );
    expect(limiter.borrowers).toEqual(["k", "z"]);
  });

  everywhere("who borrowed in the meantime does not keep the one behind from its turn", async () => {
    const limiter = new CapacityLimiter(1);
    const lease = await limiter.acquire("x");
    const waiting = [limiter.acquire("k"), limiter.acquire("k"), limiter.acquire("behind")];
    limiter.total = 2;
    lease[Symbol.dispose]();
    const statuses = (await Promise.allSettled(waiting)).map(({ status }) => status);
    expect(statuses).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });
});

/** Does what it is given to do. */
class TestSource extends CancellationSource {
  readonly #begin: (sink: SourceSink) => Disposable | undefined;
  constructor(begin: (sink: SourceSink) => Disposable | undefined) {
    super("test");
    this.#begin = begin;
  }
  override start(sink: SourceSink): Disposable | undefined {
    return this.#begin(sink);
  }
}

describeEverywhere("a source that is broken", (everywhere) => {
  everywhere("whose timer throws is reported, and no other timer suffers", async (t) => {
    const failure = new Error("broken source");
    const source = new TestSource((sink) =>
      sink.setTimer(sink.now() + 10, () => {
        throw failure;
      }),
    );
    const woken: string[] = [];
    const others = [sleep(10), sleep(30)].map((one) => one.then(() => woken.push("other")));
    const outcome = await new Cancellable().addSource(source).settle(() => sleep(50));
    await Promise.all(others);
    expect(outcome).toEqual({ status: "completed", value: undefined });
    expect(woken).toHaveLength(2);
    t.expectElapsed(50);
    expect(t.reported.splice(0)).toEqual([failure]);
  });

  everywhere("that cannot start leaves no timer, and does not fire later", async (t) => {
    const failure = new Error("cannot start");
    let sink: SourceSink | undefined;
    const source = new TestSource((given) => {
      sink = given;
      given.triggerAt(given.now() + 10, "late");
      throw failure;
    });
    const stopped: string[] = [];
    const before = new TestSource(() => ({ [Symbol.dispose]: () => void stopped.push("before") }));
    for (const op of [
      Cancellable.allOf(before, source),
      new Cancellable().addSource(before).addSource(source),
    ]) {
      expect(await op.settle(() => expect.fail("the body must not run"))).toEqual({
        status: "failed",
        error: failure,
      });
      if (t.backend instanceof VirtualBackend) expect(t.backend.timerCount).toBe(0);
    }
    await sleep(20);
    sink?.trigger("manual");
    expect(source.triggered).toBe(false);
    expect(stopped).toEqual(["before", "before"]);
  });
});

describeEverywhere("a check of a condition that is under way when its operation ends", (everywhere) => {
  everywhere("and is cancelled with it, is not reported as broken", async (t) => {
    let checking: Promise<never> | undefined;
    const op = Cancellable.withCondition(() => (checking = sleepForever()));
    const outcome = op.settle(() => sleepForever());
    op.cancel("shutdown");
    expect(await outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
    await rejection(checking as Promise<never>);
    expect(t.reported).toEqual([]);
  });

  everywhere("and fails afterwards, is not reported, nor repeated", async (t) => {
    const check = deferred<boolean>();
    let checks = 0;
    const op = Cancellable.withCondition(
      () => {
        checks++;
        return check.promise;
      },
      { interval: 1 },
    );
    await op.run(() => sleep(1));
    check.reject(new Error("late"));
    await rejection(check.promise);
    await sleep(5);
    expect([t.reported, checks]).toEqual([[], 1]);
  });

  everywhere("one that fails by itself is reported, and the next one follows", async (t) => {
    const failure = new Error("a check");
    let checks = 0;
    const op = Cancellable.withCondition(
      async () => {
        if (++checks === 1) throw failure;
        return true;
      },
      { interval: 10 },
    );
    expect(await op.settle(() => sleepForever())).toMatchObject({ error: { reason: "condition" } });
    t.expectElapsed(10);
    expect(t.reported.splice(0)).toEqual([failure]);
  });
});

describeEverywhere("a group that is shielded while it is being cancelled", (everywhere) => {
  everywhere("finishes its clean-up; its children were cancelled and have not failed", async (t) => {
    let task: Task<void> | undefined;
    let errors: readonly unknown[] | undefined;
    let cleaned = false;
    const result = await moveOnAfter(10, () =>
      taskGroup(async (group) => {
        task = group.startSoon(() => sleepForever());
        try {
          await sleepForever();
        } finally {
          group.scope.shield = true;
          await sleep(20);
          cleaned = true;
          errors = [...group.errors];
        }
      }),
    );
    expect([result, cleaned, task?.status, errors]).toEqual([undefined, true, "cancelled", []]);
    t.expectElapsed(30);
  });
});

describeEverywhere("a cancellation that ends an inner operation", (everywhere) => {
  const endings: Readonly<Record<string, (inner: Cancellable) => unknown>> = {
    "made by hand": () => {
      throw new CancellationError("manual", "by hand");
    },
    "asked for": (inner) => {
      inner.cancel("manual", "asked for");
      inner.check();
    },
    "of its deadline": () => sleepForever(),
  };
  for (const [name, end] of Object.entries(endings)) {
    everywhere(`${name}, is a failure of the outer one, which nobody has cancelled`, async () => {
      const outer = new Cancellable();
      const inner = Cancellable.withTimeout(5);
      const outcome = await outer.settle(() => inner.run(end));
      expect(inner.status).toBe("cancelled");
      expect(outcome).toEqual({ status: "failed", error: inner.error });
      expect([outer.status, outer.isCancelled, outer.context.cancelRequested]).toEqual([
        "failed",
        false,
        false,
      ]);
    });
  }
});
