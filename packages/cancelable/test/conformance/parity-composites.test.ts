import { expect } from "vitest";
import {
  AllOfSource,
  AnyOfSource,
  Cancellable,
  type CancellationSource,
  CancellationToken,
  ConditionSource,
  DeadlineSource,
  sleep,
  sleepForever,
  TimeoutSource,
  TokenSource,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { Noting } from "./noting-source.ts";

describeEverywhere("several sources", (everywhere) => {
  everywhere(
    "any-of: whichever fires cancels, with its reason; it is known which (PAR-ANY-02, PAR-ANY-03)",
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
    "one that cannot stop keeps no other from stopping; nor one that cannot start (PAR-ANY-04)",
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

  everywhere("Cancellable.anyOf is an operation with an AnyOfSource (PAR-ANY-05)", async (t) => {
    const parts = (): CancellationSource[] => [new TimeoutSource(10), new TimeoutSource(60_000)];
    const outcomes = [
      await Cancellable.anyOf(...parts()).settle(() => sleepForever()),
      await new Cancellable().addSource(new AnyOfSource(parts())).settle(() => sleepForever()),
    ];
    for (const outcome of outcomes) expect(outcome).toMatchObject({ error: { timeoutMs: 10 } });
    t.expectElapsed(20);
    // It is a source as any other, of itself too.
    const nested = new AnyOfSource([new AnyOfSource(parts())]);
    expect(await new Cancellable().addSource(nested).settle(() => sleepForever())).toMatchObject({
      error: { timeoutMs: 10 },
    });
  });

  everywhere("all-of: at least one, named all_of, none of them fired (PAR-ALL-01)", () => {
    expect(() => new AllOfSource([])).toThrow("sources must be a non-empty array");
    expect(() => Cancellable.allOf()).toThrow("At least one source is required");
    expect(() => new AllOfSource([1 as never])).toThrow(TypeError);
    const source = new AllOfSource([new TimeoutSource(1)]);
    expect([source.name, source.triggered, source.sources.length]).toEqual(["all-of", false, 1]);
    expect(new AllOfSource([new TimeoutSource(1)], "both").name).toBe("both");
  });

  everywhere("all-of: cancels when every one has fired, not before (PAR-ALL-02)", async () => {
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

  everywhere("all-of: what has fired and what has not are stopped with it (PAR-ALL-03)", async (t) => {
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
