import { expect, test } from "vitest";
import { Cancellable, cancellableStream, cancellableTransform, chunk, merge } from "../../src/index.ts";
import { stream } from "./operation-stream.ts";

type Call = (value: never) => unknown;

const cases: ReadonlyArray<readonly [string, Call, readonly unknown[], RegExp]> = [
  [
    "source",
    (v) => cancellableStream(v),
    [undefined, null, 5, {}, () => {}],
    /^source must be an async iterable, an iterable, a ReadableStream or a Node Readable; got /,
  ],
  ["source", (v) => chunk(v, 2), [undefined, 5, {}], /^source must be /],
  ["source", (v) => stream(new Cancellable(), v), [undefined, 5], /^source must be /],
  ["sources", (v) => merge([], v), [undefined, 5, {}], /^sources\[1\] must be /],
  ["size", (v) => chunk([], v), ["2", undefined, null], /^size must be a number; got /],
  [
    "size",
    (v) => chunk([], v),
    [0, -1, 1.5, Number.NaN],
    /^size must be a whole number of at least 1, or Infinity; got /,
  ],
  ["options", (v) => cancellableStream([], v), [null, 5, "x", []], /^options must be an object; got /],
  ["options", (v) => stream(new Cancellable(), [], v), [null, 5], /^options must be an object; got /],
  ["options", (v) => cancellableTransform(v), [null, 5], /^options must be an object; got /],
  [
    "options.operation",
    (v) => cancellableStream([], { operation: v }),
    [null, {}, 5],
    /^options\.operation must be a Cancellable; got /,
  ],
  [
    "options.timeout",
    (v) => cancellableStream([], { timeout: v }),
    ["5", Number.NaN, {}],
    /^options\.timeout must be /,
  ],
  [
    "options.signal",
    (v) => cancellableStream([], { signal: v }),
    [null, {}, 5],
    /^options\.signal must be an AbortSignal; got /,
  ],
  [
    "options.token",
    (v) => cancellableStream([], { token: v }),
    [null, {}],
    /^options\.token must be a CancellationToken; got /,
  ],
  ["options.parent", (v) => cancellableStream([], { parent: v }), [5, {}], /^options\.parent must be /],
  [
    "options.name",
    (v) => cancellableStream([], { name: v }),
    [5, null],
    /^options\.name must be a string; got /,
  ],
  [
    "options.idleTimeout",
    (v) => cancellableStream([], { idleTimeout: v }),
    ["5", Number.NaN],
    /^options\.idleTimeout must be /,
  ],
  [
    "options.onProgress",
    (v) => cancellableStream([], { onProgress: v }),
    [5, null],
    /^options\.onProgress must be a function; got /,
  ],
  [
    "options.reportEvery",
    (v) => cancellableStream([], { reportEvery: v }),
    [0, -1, 2.5, "3", Number.NaN],
    /^options\.reportEvery must be /,
  ],
  [
    "options.bufferPartial",
    (v) => cancellableStream([], { bufferPartial: v }),
    [0, -1, "yes", null, Number.NaN],
    /^options\.bufferPartial must be /,
  ],
  [
    "options.idleTimeout",
    (v) => cancellableTransform({ idleTimeout: v } as never),
    [5],
    /^options\.idleTimeout must be left out for a transform; got 5$/,
  ],
];

test.each(
  cases.flatMap(([name, call, values, message]) => values.map((value) => ({ name, call, value, message }))),
)("$name cannot be $value", ({ call, value, message }) => {
  try {
    call(value as never);
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_(INVALID_ARG_TYPE|OUT_OF_RANGE)$/) });
    expect((error as Error).message).toMatch(message);
    return;
  }
  expect.fail("it should have thrown");
});

test("an operation and the options of a new operation exclude each other", () => {
  const operation = new Cancellable();
  expect(() => cancellableStream([], { operation, timeout: 0 })).toThrow(
    /^options must be an object with either operation or timeout, not both; got /,
  );
});

test("merge refuses the same source twice", () => {
  const source = (async function* () {})();
  expect(() => merge(source, source)).toThrow(/^sources must be distinct; got /);
});

test("a result of next() that is no object fails the stream with a TypeError", async () => {
  for (const next of [() => 5, async () => undefined]) {
    const source = { [Symbol.asyncIterator]: () => ({ next }) } as unknown as AsyncIterable<number>;
    const reading = cancellableStream(source)[Symbol.asyncIterator]().next();
    await expect(reading).rejects.toThrow(/^the result of the source's next\(\) must be an object; got /);
  }
});
