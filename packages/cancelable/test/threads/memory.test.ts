import { expect, test, vi } from "vitest";
import { SharedCancellationToken } from "../../src/threads/index.ts";
import { until } from "../until.ts";
import { Thread, threadModule } from "./thread.ts";

/*
 * The layout of the memory, in 32-bit words: the states of the slots, and the bitmap of the records. These tests write
 * states that take 500,000 tokens otherwise, or the end of hundreds of threads in a few nanoseconds each.
 */
const statesAt = 32;
const bitmapAt = statesAt + 1_024;
const bitmapEnd = bitmapAt + 1_280 / 32;
const lastGeneration = 2 ** 19 - 1;

const wordsOf = ({ handle }: SharedCancellationToken): Int32Array => new Int32Array(handle.memory);
const usedRecords = (words: Int32Array): string => words.slice(bitmapAt, bitmapEnd).join();

test("a cancel without a free record cancels without its text", () => {
  using token = new SharedCancellationToken();
  const words = wordsOf(token);
  const before = words.slice(bitmapAt, bitmapEnd);
  words.fill(-1, bitmapAt, bitmapEnd);
  // Another view of the slot: the canceller itself keeps its own reason.
  const copy = structuredClone(token.handle);
  expect(token.cancel("quota", "lost")).toBe(true);
  words.set(before, bitmapAt);
  expect(token.reason).toBe("quota");
  const code = words[statesAt + copy.slot] as number;
  using other = new SharedCancellationToken();
  words[statesAt + other.handle.slot] = (other.handle.generation << 11) | (code & (2 ** 11 - 1));
  expect([other.reason, other.message]).toEqual(["manual", undefined]);
  expect(other.isCancelled).toBe(true);
});

test("a cancel that another thread overtakes while it writes gives its record back (THR-01)", () => {
  using token = new SharedCancellationToken();
  const words = wordsOf(token);
  const { slot, generation } = token.handle;
  const before = usedRecords(words);
  const { compareExchange } = Atomics;
  const overtaken = vi.spyOn(Atomics, "compareExchange").mockImplementationOnce(((
    array: Int32Array,
    ...rest: [number, number, number]
  ) => {
    Atomics.store(words, statesAt + slot, (generation << 11) | (2 ** 11 - 1));
    return compareExchange(array, ...rest);
  }) as never); // one of the overloads
  expect(token.cancel("quota")).toBe(false);
  expect(overtaken).toHaveBeenCalledOnce();
  overtaken.mockRestore();
  expect(token.reason).toBe("ended");
  expect(usedRecords(words)).toBe(before);
});

test("without a free record, a cancel that is overtaken has nothing to give back", () => {
  using token = new SharedCancellationToken();
  const words = wordsOf(token);
  const { slot, generation } = token.handle;
  const before = words.slice(bitmapAt, bitmapEnd);
  words.fill(-1, bitmapAt, bitmapEnd);
  const { compareExchange } = Atomics;
  const overtaken = vi.spyOn(Atomics, "compareExchange").mockImplementationOnce(((
    array: Int32Array,
    ...rest: [number, number, number]
  ) => {
    Atomics.store(words, statesAt + slot, (generation << 11) | (2 ** 11 - 1));
    return compareExchange(array, ...rest);
  }) as never); // one of the overloads
  expect(token.cancel("quota")).toBe(false);
  overtaken.mockRestore();
  expect(usedRecords(words)).toBe(Array(before.length).fill(-1).join());
  words.set(before, bitmapAt);
});

test("two threads that reserve a record at once get two records", () => {
  using token = new SharedCancellationToken();
  const words = wordsOf(token);
  const before = usedRecords(words).split(",");
  const { or } = Atomics;
  const raced = vi.spyOn(Atomics, "or").mockImplementationOnce(((
    array: Int32Array,
    ...rest: [number, number]
  ) => {
    or(array, ...rest);
    return or(array, ...rest);
  }) as never); // one of the overloads
  expect(token.cancel("quota", "mine")).toBe(true);
  expect(raced).toHaveBeenCalledTimes(2);
  raced.mockRestore();
  const after = usedRecords(words).split(",");
  const ones = (bits: readonly string[]): number =>
    bits.reduce((sum, word) => sum + (Number(word) >>> 0).toString(2).replaceAll("0", "").length, 0);
  expect(ones(after) - ones(before)).toBe(2);
});

test("a reader whose slot is given to another token while it copies the record sees ended (THR-11)", () => {
  using cancelled = new SharedCancellationToken();
  using reader = new SharedCancellationToken();
  const words = wordsOf(cancelled);
  expect(reader.handle.memory).toBe(cancelled.handle.memory);
  cancelled.cancel("quota", "of another token");
  const record = (words[statesAt + cancelled.handle.slot] as number) & (2 ** 11 - 1);
  const { slot, generation } = reader.handle;
  words[statesAt + slot] = (generation << 11) | record;
  const { load } = Atomics;
  const copying = vi.spyOn(Atomics, "load").mockImplementation(((array: Int32Array, index: number) => {
    if (index >= bitmapEnd) words[statesAt + slot] = (generation + 1) << 11;
    return load(array, index);
  }) as never); // one of the overloads
  const { reason } = reader;
  copying.mockRestore();
  expect(reason).toBe("ended");
});

test("a slot that has had 524,287 tokens is not used again (THR-11)", () => {
  const token = new SharedCancellationToken();
  const { memory, slot } = token.handle;
  wordsOf(token)[statesAt + slot] = lastGeneration << 11;
  token[Symbol.dispose]();
  for (let i = 0; i < 3_000; i++) {
    using other = new SharedCancellationToken();
    expect(other.handle.memory === memory && other.handle.slot === slot).toBe(false);
  }
});

test("the record of a token is free when its slot is used again (THR-11)", () => {
  const first = new SharedCancellationToken();
  const { memory, slot } = first.handle;
  const words = wordsOf(first);
  const before = usedRecords(words);
  first.cancel("quota");
  expect(usedRecords(words)).not.toBe(before);
  first[Symbol.dispose]();
  let isUsedAgain = false;
  for (let i = 0; i < 3_000 && !isUsedAgain; i++) {
    using other = new SharedCancellationToken();
    isUsedAgain = other.handle.memory === memory && other.handle.slot === slot;
  }
  expect(isUsedAgain).toBe(true);
  expect(usedRecords(words)).toBe(before);
});

const ofThread = `
  import { SharedCancellationToken } from "@hother/cancelable/threads";
  const tokens = [0, 1, 2, 3].map(() => new SharedCancellationToken());
  send(tokens.map((token) => token.handle));
  atGate();
  send(tokens.map((token) => token.cancel("quota", "from its creator")));
`;

test("a token that a thread created is attached in this one, and outlives its thread", async () => {
  const thread = new Thread(await threadModule(ofThread));
  const handles = (await thread.next()) as Array<SharedCancellationToken["handle"]>;
  const [told, released, lost, mine] = handles.map((handle) => SharedCancellationToken.attach(handle)) as [
    SharedCancellationToken,
    SharedCancellationToken,
    SharedCancellationToken,
    SharedCancellationToken,
  ];
  const called: string[] = [];
  told.onCancel(() => called.push("told"));
  released.onCancel(() => called.push("released"));
  const { signal } = released;
  released[Symbol.dispose]();
  expect(mine.cancel("shutdown", "from here")).toBe(true);
  thread.open();
  expect(await thread.next()).toEqual([true, true, true, false]);
  // Not looked at before: another thread was first.
  expect(lost.cancel("shutdown", "too late")).toBe(false);
  expect(lost.message).toBe("from its creator");
  expect(await thread.ended).toBe(0);
  await told.waitForCancel();
  await until(() => called.length > 0);
  expect(called).toEqual(["told"]);
  expect([signal.aborted, released.isCancelled, released.isClosed]).toEqual([false, false, true]);
  expect(mine.message).toBe("from here");
});

test("a callback that cancels another token does not stop the wait for the others", async () => {
  const thread = new Thread(await threadModule(ofThread));
  const handles = (await thread.next()) as Array<SharedCancellationToken["handle"]>;
  const [first, second, third, fourth] = handles.map((handle) => SharedCancellationToken.attach(handle));
  first?.onCancel(() => second?.cancel("shutdown"));
  fourth?.onCancel(() => third?.cancel("shutdown"));
  thread.open();
  for (const token of [first, second, third, fourth]) await token?.waitForCancel();
  await thread.ended;
});
