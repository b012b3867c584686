import { expect, vi } from "vitest";
import {
  all,
  Cancellable,
  CancellationSource,
  currentOperation,
  map,
  type SourceSink,
  sleep,
  sleepForever,
  TimeoutSource,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";
import { Noting } from "./noting-source.ts";

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

class Bare extends CancellationSource {
  override start(): undefined {}
}

/** A source whose `start` is the given function. */
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

describeEverywhere("the life of a source (rule 20)", (everywhere) => {
  everywhere(
    "sources start before the body and stop, last started first, however the operation ends",
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
    "a source that cannot start fails the operation, and the sources before it are stopped (PAR-CAN-38)",
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

  everywhere("an operation with a source that cannot start has its whole end", async () => {
    const failure = new Error("no such thing");
    for (const begin of [(op: Cancellable) => op.run(() => 1), async (op: Cancellable) => op.start()]) {
      const events: string[] = [];
      const ended = deferred();
      const op = new Cancellable().addSource(new Probe("a", [], failure)).onError((_, error) => {
        events.push("onError");
        expect(error).toBe(failure);
        ended.resolve();
      });
      op.observe({
        started: () => events.push("started"),
        progress: () => {},
        cancelling: () => {},
        ended: () => events.push("ended"),
      });
      expect(await rejection(begin(op))).toBe(failure);
      await ended.promise;
      expect(events).toEqual(["started", "ended", "onError"]);
      expect(op.status).toBe("failed");
    }
  });

  everywhere("a source that cannot stop does not fail the operation (PAR-CAN-39)", async (t) => {
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
    "a custom source cancels once with its reason and message, and not after the end (PAR-CAN-46)",
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
});

describeEverywhere("a source of several operations (rule 21)", (everywhere) => {
  everywhere("a source may serve two operations at once", async () => {
    const source = new TimeoutSource(10);
    const outcomes = await Promise.all(
      [1, 2].map(() => new Cancellable().addSource(source).settle(() => sleepForever())),
    );
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["cancelled", "cancelled"]);
  });
});

describeEverywhere("a source in detail", (everywhere) => {
  everywhere(
    "the name is the given one or the class name, and toString() shows it (PAR-SRC-01)",
    async () => {
      const named = new TimeoutSource(1, "limit");
      expect([new Bare().name, named.name, new TimeoutSource(1).name]).toEqual(["Bare", "limit", "timeout"]);
      expect([String(new Bare()), String(named), named.triggered]).toEqual(["Bare", "limit", false]);
      const op = new Cancellable().addSource(named);
      await op.settle(() => sleepForever());
      expect([named.triggered, String(named)]).toEqual([true, "limit (triggered)"]);
      expect(op.context).toMatchObject({ cancelReason: "timeout", metadata: { cancelledBy: "limit" } });
    },
  );

  everywhere("a source starts and stops anew with each operation (PAR-SRC-02)", async () => {
    const log: string[] = [];
    const source = new Noting("a", log);
    for (const n of [1, 2]) {
      const op = new Cancellable().addSource(source);
      expect(log).toHaveLength(2 * (n - 1));
      await op.run(() => {
        expect(log).toHaveLength(2 * n - 1);
      });
      source.sink?.trigger("manual", "too late");
      expect(op.context).toMatchObject({ status: "completed", cancelRequested: false });
    }
    expect(log).toEqual(["start a", "stop a", "start a", "stop a"]);
  });

  everywhere(
    "a source cancels once with reason and message, whatever the callbacks do (PAR-SRC-03)",
    async (t) => {
      const failure = new Error("callback");
      const source = new Noting("a", []);
      const heard: unknown[] = [];
      const op = new Cancellable().addSource(source);
      op.token.onCancel(({ reason, message }) => {
        heard.push([reason, message]);
        throw failure;
      });
      op.onCancel(async ({ cancelReason }) => {
        await sleep(1);
        heard.push(cancelReason);
      });
      const outcome = await op.settle(() => {
        source.sink?.trigger("disconnect", "first");
        source.sink?.trigger("shutdown", "second");
        return sleepForever();
      });
      expect(outcome).toMatchObject({ error: { reason: "disconnect", message: "first" } });
      expect(heard).toEqual([["disconnect", "first"], "disconnect"]);
      expect(t.reported.splice(0)).toEqual([failure]);
    },
  );
});

describeEverywhere("a broken source", (everywhere) => {
  everywhere("a timer callback that throws is reported, and other timers still fire", async (t) => {
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

  everywhere("a source that cannot start leaves no timer and does not fire later", async (t) => {
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
