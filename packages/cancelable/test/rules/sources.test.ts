import { expect, vi } from "vitest";
import {
  AllOfSource,
  AnyOfSource,
  Cancellable,
  CancellationSource,
  CancellationToken,
  ConditionSource,
  currentOperation,
  ResourceSource,
  type SourceSink,
  sleep,
  sleepForever,
  TimeoutSource,
  TokenSource,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

class Probe extends CancellationSource {
  readonly log: string[];
  sink: SourceSink | undefined;
  readonly failure: Error | undefined;
  constructor(name: string, log: string[], failure?: Error) {
    super(name);
    this.log = log;
    this.failure = failure;
  }
  override start(sink: SourceSink): Disposable {
    if (this.failure !== undefined) throw this.failure;
    this.sink = sink;
    this.log.push(`start ${this.name}`);
    return { [Symbol.dispose]: () => void this.log.push(`stop ${this.name}`) };
  }
}

describeEverywhere("rule 20: sources report through a sink", (everywhere) => {
  everywhere(
    "they start before the body, and stop last started first, however it ends (BUG-33)",
    async () => {
      for (const end of ["value", "error", "cancel"]) {
        const log: string[] = [];
        const op = new Cancellable().addSource(new Probe("a", log)).addSource(new Probe("b", log));
        await op.settle(async () => {
          log.push("body");
          if (end === "error") throw new Error("x");
          if (end === "cancel") {
            op.cancel();
            await sleepForever();
          }
        });
        expect(log).toEqual(["start a", "start b", "body", "stop b", "stop a"]);
      }
    },
  );

  everywhere(
    "one that cannot start fails the operation, and those before it are stopped (BUG-34, PAR-CAN-38)",
    async () => {
      const log: string[] = [];
      const failure = new Error("no such thing");
      const op = new Cancellable()
        .addSource(new Probe("a", log))
        .addSource(new Probe("b", log, failure))
        .addSource(new Probe("c", log));
      const body = vi.fn();
      expect(await rejection(op.run(body))).toBe(failure);
      expect(log).toEqual(["start a", "stop a"]);
      expect(body).not.toHaveBeenCalled();
      expect(op.context.status).toBe("failed");
      expect(currentOperation()).toBeUndefined();
    },
  );

  everywhere("one that fails to stop does not fail the operation (PAR-CAN-39)", async (t) => {
    class Sticky extends CancellationSource {
      override start(): Disposable {
        return {
          [Symbol.dispose]() {
            throw new Error("stuck");
          },
        };
      }
    }
    await expect(new Cancellable().addSource(new Sticky()).run(() => 1)).resolves.toBe(1);
    expect(t.reported.splice(0)).toMatchObject([{ message: "stuck" }]);
  });

  everywhere(
    "a source of one's own cancels with its reason and message, once, and not after the end (PAR-CAN-46)",
    async () => {
      const probe = new Probe("mine", []);
      const op = new Cancellable().addSource(probe);
      const outcome = await op.settle(() => {
        probe.sink?.trigger("disconnect", "cable pulled");
        probe.sink?.trigger("manual", "again");
        return sleepForever();
      });
      expect(outcome).toMatchObject({
        status: "cancelled",
        error: { reason: "disconnect", message: "cable pulled" },
      });
      expect(op.context.metadata).toEqual({ cancelledBy: "mine" });
      expect(probe.triggered).toBe(true);
      const done = new Cancellable().addSource(probe);
      await done.run(() => {});
      probe.sink?.trigger("manual", "too late");
      expect(done.context).toMatchObject({ status: "completed", cancelRequested: false });
    },
  );

  everywhere(
    "a condition that throws is reported and goes on; it never cancels by accident (PAR-CND-02)",
    async (t) => {
      let calls = 0;
      const op = Cancellable.withCondition(
        () => {
          if (++calls < 4) throw new Error(`broken ${calls}`);
          return true;
        },
        { interval: 5 },
      );
      expect(await op.settle(() => sleepForever())).toMatchObject({
        status: "cancelled",
        error: { reason: "condition" },
      });
      expect(calls).toBe(4);
      expect(t.reported.splice(0)).toHaveLength(3);
    },
  );
});

describeEverywhere("rule 21: any-of and all-of at any depth, timeouts included", (everywhere) => {
  everywhere("a timeout in any-of fires (BUG-01), with its reason and message, and is named", async (t) => {
    const op = Cancellable.anyOf(
      Cancellable.withTimeout(20),
      Cancellable.withCondition(() => false, { interval: 5 }),
    );
    const outcome = await op.settle(() => sleepForever());
    expect(outcome).toMatchObject({
      error: { reason: "timeout", message: "Operation timed out after 20ms" },
    });
    expect(op.context.metadata).toEqual({ cancelledBy: "timeout" });
    t.expectElapsed(20);
  });

  everywhere("all-of waits for the last, which gives reason and message (BUG-02)", async (t) => {
    const token = new CancellationToken();
    const op = Cancellable.allOf(new TimeoutSource(100), token);
    const ended = op.settle(() => sleepForever());
    token.cancel("shutdown", "half");
    expect(op.isCancelled).toBe(false);
    expect(await ended).toMatchObject({ error: { reason: "timeout" } });
    t.expectElapsed(100);
    expect(op.context.metadata).toEqual({ cancelledBy: "timeout" });
  });

  everywhere("a condition in any-of that stays false does nothing (BUG-03)", async () => {
    const op = Cancellable.anyOf(new ConditionSource(() => false, { interval: 5 }), new CancellationToken());
    await expect(op.run(() => sleep(20).then(() => "undisturbed"))).resolves.toBe("undisturbed");
  });

  everywhere("nested: any-of of all-ofs of any-ofs", async (t) => {
    const never = new CancellationToken();
    const inner = new AnyOfSource([new TimeoutSource(10), new TokenSource(never)]);
    const source = new AnyOfSource([
      new AllOfSource([inner, new TimeoutSource(30), new AllOfSource([new TimeoutSource(20)])]),
      new TokenSource(never),
    ]);
    const op = new Cancellable().addSource(source);
    expect(await op.settle(() => sleepForever())).toMatchObject({ error: { reason: "timeout" } });
    t.expectElapsed(30);
    expect(source.triggeredSource).toMatchObject({ timeoutMs: 30 });
  });

  everywhere("the same source twice in all-of counts twice (BUG-23)", async () => {
    const source = new TimeoutSource(5);
    const outcome = await new Cancellable()
      .addSource(new AllOfSource([source, source]))
      .settle(() => sleepForever());
    expect(outcome.status).toBe("cancelled");
  });

  everywhere("combine: the earliest timeout wins in either order (BUG-04, PAR-CAN-10)", async (t) => {
    await Cancellable.withTimeout(10)
      .combine(Cancellable.withTimeout(1_000))
      .settle(() => sleepForever());
    t.expectElapsed(10);
    await Cancellable.withTimeout(1_000)
      .combine(Cancellable.withTimeout(10))
      .settle(() => sleepForever());
    t.expectElapsed(20);
    expect(t.elapsed()).toBeLessThan(900);
  });

  everywhere(
    "combine: any part cancels the whole, with its own reason; callbacks are kept (PAR-CAN-11, BUG-60)",
    async () => {
      const events: string[] = [];
      const token = new CancellationToken();
      const part = Cancellable.withToken(token, { metadata: { a: 1 } }).onCancel(
        () => void events.push("part"),
      );
      const whole = new Cancellable({ name: "whole", metadata: { b: 2 } }).combine(
        Cancellable.withTimeout(1_000),
        Cancellable.withTimeout(2_000).combine(part),
      );
      const ended = whole.settle(() => sleepForever());
      token.cancel("shutdown", "bye");
      expect(await ended).toMatchObject({ error: { reason: "shutdown", message: "bye" } });
      expect(events).toEqual(["part"]);
      expect(whole.context).toMatchObject({ name: "whole", metadata: { a: 1, b: 2 } });
      const second = new Cancellable();
      const both = second.combine(new Cancellable());
      const result = both.settle(() => sleepForever());
      second.cancel("disconnect");
      expect(await result).toMatchObject({ error: { reason: "disconnect" } });
    },
  );

  everywhere("a source may serve two operations at once (BUG-25)", async () => {
    const source = new TimeoutSource(10);
    const outcomes = await Promise.all(
      [1, 2].map(() => new Cancellable().addSource(source).settle(() => sleepForever())),
    );
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["cancelled", "cancelled"]);
  });
});

describeEverywhere("rule 22: conditions", (everywhere) => {
  everywhere("the first check is immediate: true at once, and the body never starts", async () => {
    const body = vi.fn();
    const outcome = await Cancellable.withCondition(() => true).settle(body);
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "condition" } });
    expect(body).not.toHaveBeenCalled();
  });

  everywhere("checks never overlap, sync or async (PAR-CAN-08)", async () => {
    let running = 0;
    let most = 0;
    let checks = 0;
    const op = Cancellable.withCondition(
      async () => {
        most = Math.max(most, ++running);
        await sleep(7);
        running--;
        return ++checks === 3;
      },
      { interval: 2 },
    );
    await op.settle(() => sleepForever());
    expect([most, checks]).toEqual([1, 3]);
  });

  everywhere(
    "an end does not wait for a check that is under way, whose result is ignored (BUG-41)",
    async () => {
      const check = deferred<boolean>();
      const op = Cancellable.withCondition(() => check.promise);
      await op.run(() => sleep(1));
      check.resolve(true);
      await sleep(1);
      expect(op.context).toMatchObject({ status: "completed", cancelRequested: false });
    },
  );

  everywhere("a function that returns a promise is async, however it was made (BUG-71)", async () => {
    const op = Cancellable.withCondition((() => Promise.resolve(false)).bind(null), { interval: 2 });
    await expect(op.run(() => sleep(10).then(() => "no"))).resolves.toBe("no");
  });
});

describeEverywhere("resources", (everywhere) => {
  const reader = (values: Partial<Record<"memory" | "cpu" | "disk" | "eventLoopDelay", number>>) => {
    const reads: string[] = [];
    const read = (kind: keyof typeof values) => () => {
      reads.push(kind);
      return values[kind] ?? 0;
    };
    return {
      reads,
      memory: read("memory"),
      cpu: read("cpu"),
      disk: async () => read("disk")(),
      eventLoopDelay: read("eventLoopDelay"),
    };
  };

  everywhere(
    "strictly above a threshold fires; what is not set is not read (PAR-RES-02, PAR-RES-03, PAR-RES-04)",
    async () => {
      const low = reader({ memory: 80, cpu: 10 });
      await expect(
        Cancellable.withResources({ memory: 80 }, { interval: 2, reader: low }).run(() =>
          sleep(10).then(() => "ok"),
        ),
      ).resolves.toBe("ok");
      expect(new Set(low.reads)).toEqual(new Set(["memory"]));
      const high = reader({ disk: 97 });
      const outcome = await Cancellable.withResources(
        { cpu: 90, disk: 95 },
        { interval: 2, reader: high },
      ).settle(() => sleepForever());
      expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "condition" } });
      expect(new ResourceSource({ memory: 80 }).name).toContain("resources");
    },
  );

  everywhere("the host's own metrics are read, within their ranges", async () => {
    const seen: boolean[] = [];
    const op = Cancellable.withResources(
      { memory: 100, cpu: 100, disk: 100, eventLoopDelay: 60_000 },
      { interval: 5 },
    );
    await op.run(async () => {
      await sleep(20);
      seen.push(op.isCancelled);
    });
    expect(seen).toEqual([false]);
  });
});
