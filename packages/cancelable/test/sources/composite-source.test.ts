import { expect, test } from "vitest";
import {
  AllOfSource,
  AnyOfSource,
  Cancellable,
  type CancellationSource,
  CancellationToken,
  ConditionSource,
  DeadlineSource,
  type SourceSink,
  sleep,
  sleepForever,
  TimeoutSource,
  TokenSource,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { Noting } from "./noting-source.ts";

describeEverywhere("any-of and all-of (rule 21)", (everywhere) => {
  everywhere("a timeout in any-of fires with its reason and message, and the context names it", async (t) => {
    const op = Cancellable.anyOf(
      Cancellable.withTimeout(20),
      Cancellable.withCondition(() => false, { interval: 5 }),
    );
    const outcome = await op.settle(() => sleepForever());
    expect(outcome).toMatchObject({
      error: { reason: "timeout", message: "Operation timed out after 20 ms" },
    });
    expect(op.context.metadata).toEqual({ cancelledBy: "timeout" });
    t.expectElapsed(20);
  });

  everywhere("all-of waits for the last source, which gives reason and message", async (t) => {
    const token = new CancellationToken();
    const op = Cancellable.allOf(new TimeoutSource(100), token);
    const ended = op.settle(() => sleepForever());
    token.cancel("shutdown", "half");
    expect(op.isCancelled).toBe(false);
    expect(await ended).toMatchObject({ error: { reason: "timeout" } });
    t.expectElapsed(100);
    expect(op.context.metadata).toEqual({ cancelledBy: "timeout" });
  });

  everywhere("a condition in any-of that stays false does nothing", async () => {
    const op = Cancellable.anyOf(new ConditionSource(() => false, { interval: 5 }), new CancellationToken());
    await expect(op.run(() => sleep(20).then(() => "undisturbed"))).resolves.toBe("undisturbed");
  });

  everywhere("any-of and all-of may be nested to any depth", async (t) => {
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

  everywhere("a source that is in all-of twice counts twice", async () => {
    const source = new TimeoutSource(5);
    const outcome = await new Cancellable()
      .addSource(new AllOfSource([source, source]))
      .settle(() => sleepForever());
    expect(outcome.status).toBe("cancelled");
  });
});

describeEverywhere("any-of and all-of in detail", (everywhere) => {
  everywhere(
    "any-of cancels with the reason of the source that fires first, and names it (PAR-ANY-02, PAR-ANY-03)",
    async () => {
      for (const which of [0, 1, 2]) {
        const token = new CancellationToken();
        const sources = [
          new TokenSource(token),
          new TimeoutSource(which === 1 ? 5 : 60_000),
          new ConditionSource(() => which === 2),
        ];
        const source = new AnyOfSource(sources);
        expect(source.triggeredSource).toBeUndefined();
        const op = new Cancellable().addSource(source);
        const ended = op.settle(() => sleepForever());
        if (which === 0) token.cancel("shutdown", "by token");
        const reason = ["shutdown", "timeout", "condition"][which];
        expect(await ended).toMatchObject({ status: "cancelled", error: { reason } });
        expect(source.triggeredSource).toBe(sources[which]);
        expect([source.triggered, op.context.metadata.cancelledBy]).toEqual([true, sources[which]?.name]);
      }
    },
  );

  everywhere(
    "a source that cannot stop or start does not keep the others from stopping (PAR-ANY-04)",
    async (t) => {
      for (const Class of [AnyOfSource, AllOfSource]) {
        const log: string[] = [];
        const make = (...fails: Array<"start" | "stop" | undefined>): Cancellable =>
          new Cancellable().addSource(
            new Class(fails.map((one, i) => new Noting("abc"[i] as string, log, one))),
          );
        expect(await make(undefined, "stop", undefined).run(() => "value")).toBe("value");
        expect(log.splice(0)).toEqual(["start a", "start b", "start c", "stop c", "stop b", "stop a"]);
        expect(t.reported.splice(0)).toMatchObject([{ message: "cannot stop b" }]);
        expect(await rejection(make(undefined, "start", undefined).run(() => "value"))).toMatchObject({
          message: "cannot start b",
        });
        expect(log).toEqual(["start a", "start b", "stop a"]);
      }
    },
  );

  everywhere("Cancellable.anyOf creates an operation with an AnyOfSource (PAR-ANY-05)", async (t) => {
    const parts = (): CancellationSource[] => [new TimeoutSource(10), new TimeoutSource(60_000)];
    const outcomes = [
      await Cancellable.anyOf(...parts()).settle(() => sleepForever()),
      await new Cancellable().addSource(new AnyOfSource(parts())).settle(() => sleepForever()),
    ];
    for (const outcome of outcomes) expect(outcome).toMatchObject({ error: { timeoutMs: 10 } });
    t.expectElapsed(20);
    // A composite source may be part of another one, also of its own kind.
    const nested = new AnyOfSource([new AnyOfSource(parts())]);
    expect(await new Cancellable().addSource(nested).settle(() => sleepForever())).toMatchObject({
      error: { timeoutMs: 10 },
    });
  });

  everywhere("all-of needs at least one source and has a default name (PAR-ALL-01)", () => {
    expect(() => new AllOfSource([])).toThrow(/^sources must/);
    expect(() => Cancellable.allOf()).toThrow(/^parts must/);
    expect(() => new AllOfSource([1 as never])).toThrow(TypeError);
    const source = new AllOfSource([new TimeoutSource(1)]);
    expect([source.name, source.triggered, source.sources.length]).toEqual(["all-of", false, 1]);
    expect(new AllOfSource([new TimeoutSource(1)], "both").name).toBe("both");
  });

  everywhere("all-of cancels when every source has fired, not before (PAR-ALL-02)", async () => {
    const tokens = [new CancellationToken(), new CancellationToken(), new CancellationToken()];
    const op = Cancellable.allOf(...tokens);
    const ended = op.settle(() => sleepForever());
    tokens[2]?.cancel("shutdown", "one");
    tokens[0]?.cancel("disconnect", "two");
    tokens[0]?.cancel("manual", "again");
    await sleep(1);
    expect(op.isCancelled).toBe(false);
    tokens[1]?.cancel("condition", "three");
    expect(await ended).toMatchObject({ error: { reason: "condition", message: "three" } });
  });

  everywhere("all-of stops its sources when it stops, whether they fired or not (PAR-ALL-03)", async (t) => {
    const log: string[] = [];
    const [a, b] = [new Noting("a", log, "stop"), new Noting("b", log)];
    await new Cancellable().addSource(new AllOfSource([a, b, new DeadlineSource(8e15)])).run(() => {
      a.sink?.trigger("manual");
    });
    expect(log).toEqual(["start a", "start b", "stop b", "stop a"]);
    expect(t.reported.splice(0)).toMatchObject([{ message: "cannot stop a" }]);
    b.sink?.trigger("manual");
    expect(b.triggered).toBe(false);
  });
});

test("a composite source refuses a sink that no operation created", () => {
  const source = new AnyOfSource([new TimeoutSource(5)]);
  expect(() => source.start({ trigger() {} } as unknown as SourceSink)).toThrow(
    "sink must be the sink of an operation",
  );
});
