import { afterAll, describe, expect, test } from "vitest";
import {
  Cancellable,
  CancellationToken,
  CancelScope,
  currentOperation,
  getBackend,
  isCancellation,
  sleep,
  taskGroup,
} from "../../src/index.ts";
import {
  PiscinaPool,
  runInThread,
  streamFromThread,
  ThreadEndedError,
  type ThreadWork,
} from "../../src/threads/index.ts";
import { rejection } from "../backends.ts";
import { thrown, wrong } from "../refusals.ts";
import { moduleFile } from "./module-file.ts";

const dist = new URL("../../dist/node/", import.meta.url);

/** `flags`: the number of computed items, and the number of `finally` blocks that ran. */
const module = moduleFile(`
  import { currentOperation, sleep } from "${dist}index.js";
  import { threadId } from "node:worker_threads";
  const computed = 0, cleaned = 1;
  export async function* count(to, flags) {
    try {
      for (let i = 0; i < to; i++) { if (flags) Atomics.add(flags, computed, 1); yield i; }
    } finally { await Promise.resolve(); if (flags) Atomics.add(flags, cleaned, 1); }
  }
  export function* busy(flags) {
    try {
      yield 0;
      Atomics.store(flags, computed, 1);
      for (;;) { currentOperation().check(); Atomics.wait(flags, cleaned, 0, 1); }
    } finally { Atomics.add(flags, cleaned, 1); }
  }
  export async function* stubborn(flags) { yield 0; Atomics.store(flags, computed, 1); for (;;); }
  export async function* failing(after) { for (let i = 0; i < after; i++) yield i; throw new RangeError("no more"); }
  export async function* leaving() { yield 0; yield 1; await sleep(5); process.exit(3); }
  export async function* badItem(flags) {
    try { yield 0; yield { list: [() => {}] }; } finally { Atomics.add(flags, cleaned, 1); }
  }
  export async function* badEnd() { try { yield 0; yield 1; } finally { throw new RangeError("clean-up failed"); } }
  export const list = async () => ["a", "b"];
  export const number = () => 7;
  export async function* reporting() { currentOperation().reportProgress("half"); yield currentOperation().name; }
  export const add = (a, b) => a + b;
`);
type Numbers = (...args: unknown[]) => AsyncIterable<number>;
const work = <F extends (...args: never[]) => unknown = Numbers>(name: string): ThreadWork<F> => ({
  module,
  export: name,
});
const flagsOfCall = (): Int32Array => new Int32Array(new SharedArrayBuffer(8));
const pool = new PiscinaPool({ threads: 1 });
afterAll(() => pool.close());
/** For calls that obey: their thread ends by itself, also if it stands still for a moment. */
const inPool = { pool, grace: 60_000 };

/** The pool is whole, and its thread is free. */
async function expectFree(): Promise<void> {
  expect(await runInThread(work<(a: number, b: number) => number>("add"), [1, 2], { pool })).toBe(3);
}

test("the items of a generator arrive whole, in order, and the stream ends with the generator (THR-27)", async () => {
  for (const buffer of [0, 16, Number.POSITIVE_INFINITY]) {
    const flags = flagsOfCall();
    const seen: number[] = [];
    for await (const item of streamFromThread(work("count"), [2_000, flags], { pool, buffer }))
      seen.push(item);
    expect(seen).toEqual(Array.from({ length: 2_000 }, (_, i) => i));
    expect([...flags]).toEqual([2_000, 1]);
  }
});

test("the thread is never more than its bound ahead of the reader (THR-27)", async () => {
  for (const buffer of [0, 3]) {
    const flags = flagsOfCall();
    let taken = 0;
    for await (const _ of streamFromThread(work("count"), [20, flags], { pool, buffer })) {
      taken++;
      const bound = Math.min(20, taken + buffer + 1);
      while (Atomics.load(flags, 0) < bound) await sleep(1);
      await sleep(2);
      expect(Atomics.load(flags, 0)).toBe(bound);
    }
    expect(taken).toBe(20);
  }
});

test("nothing starts before the first read (THR-27)", async () => {
  const flags = flagsOfCall();
  const left = streamFromThread(work("count"), [20, flags], { pool });
  await left.return(undefined);
  expect(await left.next()).toEqual({ done: true, value: undefined });
  await expectFree();
  expect([...flags]).toEqual([0, 0]);
});

describe("a reader that leaves (THR-27)", () => {
  test("runs the finally of a generator that waits for it, before break ends", async () => {
    const flags = flagsOfCall();
    for await (const item of streamFromThread(work("count"), [1e9, flags], inPool)) if (item === 5) break;
    expect(flags[1]).toBe(1);
    await expectFree();
  });

  test("stops a generator that computes, and its finally runs", async () => {
    const flags = flagsOfCall();
    const items = streamFromThread(work("busy"), [flags], inPool);
    expect(await items.next()).toEqual({ done: false, value: 0 });
    while (Atomics.load(flags, 0) === 0) await sleep(1);
    expect(await items.return(undefined)).toEqual({ done: true, value: undefined });
    expect(flags[1]).toBe(1);
    await expectFree();
  });

  test("ends the thread of a generator that does not stop, after the grace", async () => {
    const flags = flagsOfCall();
    const items = streamFromThread(work("stubborn"), [flags], { pool, grace: 20 });
    await items.next();
    while (Atomics.load(flags, 0) === 0) await sleep(1);
    await items.return(undefined);
    await expectFree();
  });

  test("gets the error of the clean-up", async () => {
    const items = streamFromThread(work("badEnd"), [], { ...inPool, buffer: 0 });
    await items.next();
    expect(await rejection(items.return(undefined))).toMatchObject({
      name: "RangeError",
      message: "clean-up failed",
    });
  });
});

test("a cancelled scope ends the stream and the generator, also with items that wait (THR-27, THR-14)", async () => {
  const token = new CancellationToken();
  const flags = flagsOfCall();
  const items = streamFromThread(work("count"), [1e9, flags], { ...inPool, token });
  await items.next();
  token.cancel("quota", "enough");
  const error = await rejection(items.next());
  expect(error).toMatchObject({ reason: "quota", message: "enough" });
  expect(isCancellation(error, token)).toBe(true);
  expect(flags[1]).toBe(1);

  const late = flagsOfCall();
  const scope = new CancelScope();
  await scope.run(async () => {
    // The generator has begun when its first item comes.
    for await (const _ of streamFromThread(work("busy"), [late], inPool)) scope.deadline = getBackend().now();
  });
  expect(scope.cancelledCaught).toBe(true);
  expect(late[1]).toBe(1);
  await expectFree();
});

test("a timeout in the options is one for the whole stream, from the first read (THR-16)", async () => {
  const flags = flagsOfCall();
  const items = streamFromThread(work("busy"), [flags], { ...inPool, timeout: 5_000 });
  await items.next();
  expect(await rejection(items.next())).toMatchObject({ reason: "timeout" });
  expect(flags[1]).toBe(1);
});

test("a stream that is not read on ends with the scope of its first read (THR-29)", async () => {
  const flags = flagsOfCall();
  await taskGroup(async () => {
    await streamFromThread(work("count"), [1e9, flags], inPool).next();
  });
  expect(flags[1]).toBe(1);
  await expectFree();
});

test("the items before a failure are delivered, and then the failure (THR-21, THR-19)", async () => {
  const read = async (items: AsyncIterable<number>): Promise<unknown[]> => {
    const seen: unknown[] = [];
    try {
      for await (const item of items) seen.push(item);
    } catch (error) {
      seen.push(error);
    }
    return seen;
  };
  const [zero, one, failure, ...rest] = await read(streamFromThread(work("failing"), [2], { pool }));
  expect([zero, one, rest]).toEqual([0, 1, []]);
  expect(failure).toMatchObject({ name: "RangeError", message: "no more" });
  expect(failure).toBeInstanceOf(RangeError);

  const lost = await read(streamFromThread(work("leaving"), [], { pool }));
  expect(lost.slice(0, -1)).toEqual([0, 1]);
  expect(lost.at(-1)).toBeInstanceOf(ThreadEndedError);
  expect(lost.at(-1)).toMatchObject({ call: "leaving", exitCode: 3 });
  await expectFree();
});

test("an item that cannot be sent is named, the generator is closed, and the thread stays usable (THR-20)", async () => {
  const flags = flagsOfCall();
  const items = streamFromThread(work("badItem"), [flags], { pool });
  await items.next();
  expect(await rejection(items.next())).toMatchObject({
    name: "TypeError",
    message: "the item.list[0] cannot be sent to another thread; got function (anonymous)",
  });
  expect(flags[1]).toBe(1);
  await expectFree();
});

test("a function that returns an iterable is read as well, and any other result is refused", async () => {
  const seen: string[] = [];
  for await (const text of streamFromThread(work<() => Promise<string[]>>("list"), [], { pool }))
    seen.push(text);
  expect(seen).toEqual(["a", "b"]);
  expect(await rejection(streamFromThread(work<() => never>("number"), [], { pool }).next())).toMatchObject({
    name: "TypeError",
    message: "the result of a streaming call must be an async iterable or an iterable; got 7",
  });
  expect(await rejection(runInThread(work("count"), [1], { pool }))).toMatchObject({
    message: expect.stringMatching(
      /^the result cannot be sent to another thread; got .*; streamFromThread reads the items of a generator$/,
    ),
  });
});

test("the call is an operation below that of the reader (THR-24)", async () => {
  const op = new Cancellable();
  const seen: unknown[] = [];
  op.onProgress((progress) => seen.push(progress));
  await op.run(async () => {
    const items = streamFromThread(work("reporting"), [], { pool, name: "named" });
    for await (const name of items) seen.push(name, currentOperation() === op);
  });
  expect(seen).toEqual(["half", "named", true]);
});

test("wrong arguments are refused at the call (VERBS 7)", () => {
  const cases: ReadonlyArray<readonly [call: () => unknown, text: string]> = [
    [() => streamFromThread(wrong(undefined), wrong([])), "work.module must be a URL"],
    [() => streamFromThread(work("count"), wrong(7)), "args must be an array of the arguments; got 7"],
    [() => streamFromThread(work("count"), [], { buffer: -1 }), "options.buffer must be"],
    [() => streamFromThread(work("count"), [], { timeout: Number.NaN }), "options.timeout must be"],
    [() => streamFromThread(work("count"), [], { signal: wrong(7) }), "options.signal"],
    [() => streamFromThread(work("count"), [], { metadata: wrong(7) }), "options.metadata must be"],
    [() => streamFromThread(work("count"), [], { parent: wrong(7) }), "options.parent must be"],
    [() => streamFromThread(work("count"), [], wrong({ shield: true })), "shield"],
  ];
  for (const [call, text] of cases) expect((thrown(call) as Error).message).toContain(text);
});
