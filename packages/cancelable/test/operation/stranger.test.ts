import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { rejection } from "../backends.ts";

type Library = typeof import("../../src/index.ts");
let library: Library;
let warn: ReturnType<typeof vi.spyOn>;

beforeEach(async () => {
  vi.resetModules();
  library = await import("../../src/index.ts");
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});

afterEach(() => {
  vi.restoreAllMocks();
  (globalThis as { [key: symbol]: unknown[] | undefined })[Symbol.for("@hother/cancelable.copies/1")]?.splice(
    0,
  );
});

/** A queue of another library: the function of the next caller starts where that of the one before ended. */
function makeQueue(): <T>(fn: () => Promise<T>) => Promise<T> {
  const jobs: Array<() => Promise<void>> = [];
  let isRunning = false;
  const next = async (): Promise<void> => {
    isRunning = true;
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await job();
    isRunning = false;
  };
  return (fn) =>
    new Promise((resolve, reject) => {
      jobs.push(() => fn().then(resolve, reject));
      if (!isRunning) void next();
    });
}

test("an operation that a queue ran in the context of a cancelled one fails, and a warning names both and the remedy", async () => {
  const { bind, Cancellable, sleep } = library;
  const run = async (prepare: <F>(fn: F) => F): Promise<string> => {
    const queue = makeQueue();
    const first = new Cancellable({ name: "first" });
    const ending = first.settle(() => queue(() => sleep(5)));
    const second = new Cancellable({ name: "second" }).settle(() => queue(prepare(() => sleep(50))));
    await sleep(10);
    first.cancel("disconnect");
    await ending;
    return (await second).status;
  };
  expect(await run((fn) => bind(fn as () => unknown) as typeof fn)).toBe("completed");
  expect(warn).not.toHaveBeenCalled();
  if ((await run((fn) => fn)) === "completed") return; // a host without AsyncLocalStorage
  expect(warn.mock.calls).toEqual([
    [
      expect.stringMatching(
        /operation "second" failed with the cancellation of operation "first".*bind\(fn\)/,
      ),
    ],
  ]);
  await run((fn) => fn);
  expect(warn).toHaveBeenCalledOnce();
});

test("no warning for the cancellation of an operation below, of one above, or of a scope", async () => {
  const { Cancellable, failAfter, sleepForever } = library;
  await rejection(
    new Cancellable().run(() => Cancellable.withTimeout(1, { name: "below" }).run(() => sleepForever())),
  );
  await rejection(new Cancellable().run(() => failAfter(1, () => sleepForever(), { name: "limit" })));
  const above = new Cancellable();
  await above.settle(() =>
    new Cancellable({ shield: true }).settle(() => {
      above.cancel();
      throw above.error;
    }),
  );
  await new Cancellable().settle(() => {
    throw new Error("broken");
  });
  expect(warn.mock.calls).toEqual([]);
});
