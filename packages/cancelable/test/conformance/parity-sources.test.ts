import { expect, test } from "vitest";
import {
  Cancellable,
  CancellationSource,
  ConditionSource,
  moveOnAfter,
  ResourceSource,
  SignalCancellation,
  SignalSource,
  sleep,
  sleepForever,
  TimeoutSource,
} from "../../src/index.ts";
import { deferred, describeEverywhere } from "../backends.ts";
import { Noting } from "./noting-source.ts";

class Bare extends CancellationSource {
  override start(): undefined {}
}

describeEverywhere("a source", (everywhere) => {
  everywhere("has the name that it was given, or its class's, in its text too (PAR-SRC-01)", async () => {
    const named = new TimeoutSource(1, "limit");
    expect([new Bare().name, named.name, new TimeoutSource(1).name]).toEqual(["Bare", "limit", "timeout"]);
    expect([String(new Bare()), String(named), named.triggered]).toEqual(["Bare", "limit", false]);
    const op = new Cancellable().addSource(named);
    await op.settle(() => sleepForever());
    expect([named.triggered, String(named)]).toEqual([true, "limit (triggered)"]);
    expect(op.context).toMatchObject({ cancelReason: "timeout", metadata: { cancelledBy: "limit" } });
  });

  everywhere("is started for its operation and stopped with it, each time anew (PAR-SRC-02)", async () => {
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

  everywhere("cancels with reason and message, once, whatever callbacks do (PAR-SRC-03)", async (t) => {
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
  });

  everywhere("of time: 0 and less have expired already, NaN is refused (PAR-TIM-02)", async () => {
    for (const span of [0, -5]) {
      expect(await new Cancellable().addSource(new TimeoutSource(span)).settle(() => "ran")).toMatchObject({
        status: "cancelled",
        error: { reason: "timeout" },
      });
    }
    expect(() => new TimeoutSource(Number.NaN)).toThrow(RangeError);
    expect(() => new TimeoutSource("5" as never)).toThrow(TypeError);
  });

  everywhere("of time: fires when the time is over, and the operation caught it (PAR-TIM-03)", async (t) => {
    const op = new Cancellable().addSource(new TimeoutSource(20));
    const outcome = await op.settle(() => sleepForever());
    t.expectElapsed(20);
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "timeout", timeoutMs: 20 } });
    expect([op.isCancelled, op.cancelledCaught]).toEqual([true, true]);
  });

  everywhere("of time: stopped, it touches nothing that comes later (PAR-TIM-04)", async (t) => {
    const source = new TimeoutSource(15);
    const op = new Cancellable().addSource(source);
    await op.run(() => sleep(1));
    expect(await moveOnAfter(60_000, () => sleep(30).then(() => "undisturbed"))).toBe("undisturbed");
    t.expectElapsed(31);
    expect([source.triggered, op.context.cancelRequested]).toEqual([false, false]);
  });

  everywhere("that asks a condition fires at the check that says so (PAR-CND-01)", async (t) => {
    for (const kind of ["sync", "async"]) {
      const from = t.elapsed();
      let checks = 0;
      const source = new ConditionSource(
        kind === "sync" ? () => ++checks === 3 : async () => sleep(0).then(() => ++checks === 3),
        { interval: 10 },
      );
      const outcome = await new Cancellable().addSource(source).settle(() => sleepForever());
      expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "condition" } });
      expect([kind, checks, source.triggered]).toEqual([kind, 3, true]);
      expect(t.elapsed() - from).toBeGreaterThanOrEqual(20);
    }
  });

  everywhere("that asks a condition asks no more once it was stopped (PAR-CND-04)", async () => {
    for (const during of ["a wait", "a check", "a broken check"]) {
      const gate = deferred<boolean>();
      let checks = 0;
      const op = Cancellable.withCondition(
        () => {
          checks++;
          return during === "a wait" ? false : gate.promise;
        },
        { interval: 5 },
      );
      await op.run(() => sleep(0));
      const before = checks;
      if (during === "a check") gate.resolve(true);
      if (during === "a broken check") gate.reject(new Error("nobody asked"));
      await sleep(20);
      expect([during, checks]).toEqual([during, before]);
      expect(op.context).toMatchObject({ status: "completed", cancelRequested: false });
    }
  });

  everywhere("of resources keeps its thresholds, and names them (PAR-RES-01)", async () => {
    const thresholds = { memory: 80, cpu: 90 };
    const source = new ResourceSource(thresholds, { interval: 5 });
    expect(source.thresholds).toEqual({ memory: 80, cpu: 90 });
    expect(source.thresholds).not.toBe(thresholds);
    expect(source.name).toBe("resources(memory>80, cpu>90)");
    let reads = 0;
    const read = (): number => {
      reads++;
      return reads > 2 ? 90 : 80;
    };
    const op = Cancellable.withResources(
      { memory: 80 },
      { interval: 5, reader: { memory: read, cpu: read, disk: read, eventLoopDelay: read } },
    );
    await op.settle(() => sleepForever());
    expect(reads).toBe(3);
    expect(op.context.metadata.cancelledBy).toBe("resources(memory>80)");
  });

  everywhere("of signals: SIGINT and SIGTERM, or those that are named (PAR-SIG-01)", async () => {
    expect(new SignalSource().signals).toEqual(["SIGINT", "SIGTERM"]);
    const source = new SignalSource("SIGUSR2", "SIGUSR2", "SIGTERM");
    expect(source.signals).toEqual(["SIGUSR2", "SIGTERM"]);
    const op = new Cancellable({ name: "daemon" }).addSource(source);
    await op.settle(() => {
      process.kill(process.pid, "SIGUSR2");
      return sleepForever();
    });
    expect(op.context).toMatchObject({
      name: "daemon",
      cancelReason: "signal",
      cancelMessage: "Operation cancelled by signal SIGUSR2",
    });
  });

  everywhere("of signals: stopping twice does nothing more than stopping once (PAR-SIG-03)", async () => {
    const source = new SignalSource("SIGUSR2");
    const outer = new Cancellable().addSource(source);
    await outer.run(async () => {
      await new Cancellable().addSource(source).run(() => sleep(0));
      const handle = new Cancellable().addSource(source).start();
      await handle[Symbol.asyncDispose]();
      await handle[Symbol.asyncDispose]();
      expect(process.listenerCount("SIGUSR2")).toBe(1);
    });
    expect(process.listenerCount("SIGUSR2")).toBe(0);
  });
});

test("a signal's cancellation names the signal (PAR-EXC-04)", () => {
  const error = new SignalCancellation(undefined, { signal: "SIGTERM" });
  expect(error).toMatchObject({
    reason: "signal",
    signal: "SIGTERM",
    name: "AbortError",
    message: "Operation cancelled by signal SIGTERM",
  });
  expect(new SignalCancellation()).toMatchObject({ message: "Operation cancelled by signal" });
  expect("signal" in new SignalCancellation()).toBe(false);
  expect(new SignalCancellation("mine", { signal: "SIGINT" })).toMatchObject({ message: "mine" });
});
