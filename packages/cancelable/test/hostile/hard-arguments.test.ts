import { expect, expectTypeOf } from "vitest";
import {
  all,
  any,
  Cancellable,
  ConditionSource,
  map,
  moveOnAfter,
  type ResourceReader,
  ResourceSource,
  race,
  sleep,
  sleepForever,
  TimeoutSource,
} from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectRejects, expectThrows, wrong } from "../refusals.ts";

describeEverywhere("spans", (everywhere) => {
  everywhere("whose parts cancel out to no number are refused", async () => {
    const span = { hours: Number.POSITIVE_INFINITY, minutes: Number.NEGATIVE_INFINITY };
    const rest = [
      "a span whose parts add up to a number",
      JSON.stringify({ hours: null, minutes: null }),
    ] as const;
    expectThrows("RangeError", [
      [() => Cancellable.withTimeout(span), "span", ...rest],
      [() => new TimeoutSource(span), "span", ...rest],
      [() => new Cancellable({ grace: span }), "options.grace", ...rest],
    ]);
    await expectRejects("RangeError", [
      [() => sleep(span), "span", ...rest],
      [() => moveOnAfter(span, () => {}), "span", ...rest],
    ]);
    expect(new TimeoutSource({ hours: Number.POSITIVE_INFINITY }).timeoutMs).toBe(Number.POSITIVE_INFINITY);
  });

  everywhere("may be made of microseconds and nanoseconds", async (t) => {
    await sleep({ microseconds: 2_500 });
    t.expectElapsed(2.5);
    expect(await moveOnAfter({ milliseconds: 1, microseconds: 500 }, () => sleepForever())).toBeUndefined();
    t.expectElapsed(4);
    await sleep({ nanoseconds: 500_000, microseconds: 500 });
    t.expectElapsed(5);
    expect(new TimeoutSource({ microseconds: 1 }).timeoutMs).toBe(0.001);
  });
});

describeEverywhere("null", (everywhere) => {
  everywhere("is no interval: it does not stand for the default", () => {
    const rest = ["options.interval", "a positive, finite time span", "null"] as const;
    expectThrows("RangeError", [
      [() => new ConditionSource(() => false, { interval: null }), ...rest],
      [() => Cancellable.withCondition(() => false, { interval: null }), ...rest],
      [() => new ResourceSource({ memory: 90 }, { interval: null }), ...rest],
      [() => Cancellable.withResources({ memory: 90 }, { interval: null }), ...rest],
    ]);
  });

  everywhere("is no concurrency: it does not stand for all at once", async () => {
    const concurrency = wrong(null);
    const work = (): never => expect.fail("no work must begin");
    await expectRejects("TypeError", [
      [() => all([work], { concurrency }), "options.concurrency", "a number", "null"],
      [() => map([1], work, { concurrency }), "options.concurrency", "a number", "null"],
    ]);
  });
});

describeEverywhere("the reader of resources", (everywhere) => {
  everywhere("must have a function for each threshold that is set", () => {
    const make = (thresholds: object, reader: unknown) => () =>
      Cancellable.withResources(thresholds, { reader: wrong(reader) });
    expectThrows("TypeError", [
      [make({ memory: 50 }, {}), "options.reader.memory", "a function", "undefined"],
      [make({ memory: 50 }, null), "options.reader.memory", "a function", "undefined"],
      [make({ cpu: 50 }, { memory: () => 1, cpu: 7 }), "options.reader.cpu", "a function", "7"],
      [make({ disk: 50 }, { disk: "full" }), "options.reader.disk", "a function", '"full"'],
      [
        make({ eventLoopDelay: 50 }, { memory: () => 1 }),
        "options.reader.eventLoopDelay",
        "a function",
        "undefined",
      ],
    ]);
  });

  everywhere("needs no others, and is what is asked", async (t) => {
    let reads = 0;
    const reader = { memory: () => (++reads === 3 ? 91 : 90) } as unknown as ResourceReader;
    const op = Cancellable.withResources({ memory: 90 }, { reader, interval: 10 });
    expect(await op.settle(() => sleepForever())).toMatchObject({ error: { reason: "condition" } });
    expect(reads).toBe(3);
    t.expectElapsed(20);
  });
});

describeEverywhere("the types of values", (everywhere) => {
  everywhere("of race and any are the union of what the works give, of all and map the list", async () => {
    const raced = await race([() => "text", async () => 1, Promise.resolve(true)]);
    expectTypeOf(raced).toEqualTypeOf<string | number | boolean>();
    expect(raced).toBe("text");
    const found = await any([() => Promise.reject<string>(new Error("no")), async () => 1]);
    expectTypeOf(found).toEqualTypeOf<string | number>();
    expect(found).toBe(1);
    const both = await all([() => "text", async () => 1]);
    expectTypeOf(both).toEqualTypeOf<[string, number]>();
    expect(both).toEqual(["text", 1]);
    const mapped = await map(["a", "bc"], async (text) => text.length);
    expectTypeOf(mapped).toEqualTypeOf<number[]>();
    expect(mapped).toEqual([1, 2]);
  });
});
