import { AsyncLocalStorage } from "node:async_hooks";
import { afterAll, describe, expect, test } from "vitest";
import {
  Cancellable,
  CancellationToken,
  CapacityLimiter,
  isCancellation,
  OperationRegistry,
  sleep,
} from "../../src/index.ts";
import {
  PiscinaPool,
  runInThread,
  settleInThread,
  ThreadEndedError,
  type ThreadWork,
} from "../../src/threads/index.ts";
import { rejection } from "../backends.ts";
import { runScript } from "../child.ts";
import { expectUsageError, thrown, wrong } from "../refusals.ts";
import { moduleFile } from "./module-file.ts";
import { Thread, threadModule } from "./thread.ts";

const dist = new URL("../../dist/node/", import.meta.url);

const module = moduleFile(`
    import { currentOperation, currentScope, currentDeadline, sleep, checkpoint } from "${dist}index.js";
    import { runInThread } from "${dist}threads.js";
    import { AsyncLocalStorage } from "node:async_hooks";
    import { threadId } from "node:worker_threads";
  export const add = (a, b) => a + b;
  export const thread = () => threadId;
  export const meet = (gate, count) => {
    if (Atomics.add(gate, 0, 1) + 1 === count) { Atomics.store(gate, 1, 1); Atomics.notify(gate, 1); }
    Atomics.wait(gate, 1, 0);
    return Atomics.load(gate, 0);
  };
  export const spin = (flag) => { if (flag) { Atomics.store(flag, 0, 1); Atomics.notify(flag, 0); } for (;;); };
  export const obey = async (flag) => {
    Atomics.store(flag, 0, 1);
    try { for (;;) { currentOperation().check(); Atomics.wait(flag, 1, 0, 1); } } finally { await Promise.resolve(); Atomics.store(flag, 1, 1); }
  };
  export const leave = (code) => process.exit(code);
  export const mark = (flag) => Atomics.add(flag, 0, 1);
  export const facts = async () => {
    const op = currentOperation();
    await sleep(1);
    return [op.id, op.name, op.context.metadata, Number.isFinite(currentDeadline()), op.signal.aborted];
  };
  const storage = new AsyncLocalStorage();
  export const enter = async () => { storage.enterWith("left"); await sleep(1); };
  export const store = () => storage.getStore();
  export const report = (count) => { for (let i = 0; i < count; i++) currentOperation().reportProgress(String(i), { i }); };
  export const uncloneable = () => ({ list: [1, { deep: () => {} }] });
  export const badProgress = () => { currentOperation().reportProgress("x", { deep: [() => {}] }); return 1; };
  class OwnError extends Error { name = "OwnError"; code = "E_OWN"; }
  export const fail = () => {
    throw new OwnError("top", { cause: new TypeError("middle", { cause: new AggregateError([new RangeError("one"), "two"], "bottom") }) });
  };
  export const failWithText = () => { throw "text"; };
  export const number = 7;
  export const nest = (module, flag) => runInThread({ module: new URL(module), export: "obey" }, [flag], { grace: 60_000 });
`);
const work = <F extends (...args: never[]) => unknown>(name: string): ThreadWork<F> => ({
  module,
  export: name,
});
const shared = (length: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * length));
const pools: PiscinaPool[] = [];
function poolOf(threads: number): PiscinaPool {
  const pool = new PiscinaPool({ threads });
  pools.push(pool);
  return pool;
}
/** The grace of calls that obey: their threads end by themselves, also if they stand still for a moment. */
const grace = 60_000;
/** Until a thread has set the flag. */
async function untilSet(flag: Int32Array): Promise<void> {
  while (Atomics.load(flag, 0) === 0) await sleep(1);
}
afterAll(async () => {
  for (const pool of pools) await pool.close();
});

test("a call gives its result, and says when and where it ran (THR-16, CONF-P01, PAR-CAN-29)", async () => {
  const pool = poolOf(1);
  expect(await runInThread(work<(a: number, b: number) => number>("add"), [1, 2], { pool })).toBe(3);
  const [one, two] = await Promise.all([
    settleInThread(work<() => number>("thread"), [], { pool }),
    settleInThread(work<() => number>("thread"), [], { pool }),
  ]);
  expect(one).toMatchObject({ status: "completed", ended: undefined });
  expect(one.status === "completed" && one.value).toBe(one.thread);
  expect(two.thread).toBe(one.thread);
  for (const { queuedMs, ranMs } of [one, two]) {
    expect(queuedMs).toBeGreaterThan(0);
    expect(ranMs).toBeGreaterThanOrEqual(0);
  }
});

test("the default pool is one for the process", async () => {
  const all = await Promise.all([1, 2, 3].map((n) => runInThread(work("add"), wrong([n, 1]))));
  expect(all).toEqual([2, 3, 4]);
});

test("a call that obeys runs its finally, is cooperative, and its thread serves the next call (THR-14, CONF-P02, CONF-P07, rule 52)", async () => {
  const pool = poolOf(1);
  const flag = shared(2);
  const token = new CancellationToken();
  const ending = settleInThread(work("obey"), wrong([flag]), { pool, token, grace });
  await untilSet(flag);
  token.cancel("quota", "enough");
  const outcome = await ending;
  expect(outcome).toMatchObject({
    status: "cancelled",
    ended: "cooperative",
    error: { reason: "quota", message: "enough" },
  });
  expect(outcome.status === "cancelled" && isCancellation(outcome.error, token)).toBe(true);
  expect(flag[1]).toBe(1);
  expect(await runInThread(work<() => number>("thread"), [], { pool })).toBe(outcome.thread);
});

test("a call that does not obey is terminated after the grace, and the pool is whole again (THR-15)", async () => {
  const pool = poolOf(1);
  const flag = shared(1);
  const token = new CancellationToken();
  const ending = settleInThread(work("spin"), wrong([flag]), { pool, token, grace: 20 });
  await untilSet(flag);
  token.cancel("quota");
  const ended = "deno" in process.versions ? "abandoned" : "terminated";
  expect(await ending).toMatchObject({ status: "cancelled", ended, error: { reason: "quota" } });
  expect(await runInThread(work("add"), wrong([1, 2]), { pool })).toBe(3);
});

test("a call that is cancelled before its start never starts, and the others run (THR-12, THR-13)", async () => {
  const pool = poolOf(1);
  const [flag, marks] = [shared(2), shared(1)];
  const token = new CancellationToken();
  const running = settleInThread(work("obey"), wrong([flag]), { pool, token, grace });
  const waiting = settleInThread(work("mark"), wrong([marks]), { pool, token });
  const other = settleInThread(work("add"), wrong([1, 2]), { pool });
  await untilSet(flag);
  token.cancel("quota");
  expect(await running).toMatchObject({ status: "cancelled", ended: "cooperative" });
  expect(await waiting).toMatchObject({ status: "cancelled", ended: undefined, thread: undefined, ranMs: 0 });
  expect(await other).toMatchObject({ status: "completed", value: 3 });
  const cancelled = new CancellationToken();
  cancelled.cancel();
  expect(await settleInThread(work("mark"), wrong([marks]), { pool, token: cancelled })).toMatchObject({
    status: "cancelled",
  });
  expect(marks[0]).toBe(0);
});

test("a deadline counts from the call, in the queue too (THR-16)", async () => {
  const pool = poolOf(1);
  const flag = shared(2);
  const token = new CancellationToken();
  const running = settleInThread(work("obey"), wrong([flag]), { pool, token });
  await untilSet(flag);
  const late = await settleInThread(work("add"), wrong([1, 2]), { pool, timeout: 20 });
  expect(late).toMatchObject({ status: "cancelled", error: { reason: "timeout" }, ranMs: 0 });
  expect(late.queuedMs).toBeGreaterThanOrEqual(19);
  token.cancel();
  await running;
  // The limit is longer than a machine stands still: the thread begins in time.
  const inThread = await settleInThread(work("obey"), wrong([shared(2)]), { pool, timeout: 5_000, grace });
  expect(inThread).toMatchObject({ status: "cancelled", error: { reason: "timeout" }, ended: "cooperative" });
});

test("a limiter's place is free when the thread is free (THR-18, CONF-P05, CONF-P06)", async () => {
  const pool = poolOf(2);
  const limiter = new CapacityLimiter(1);
  const flag = shared(2);
  const token = new CancellationToken();
  const running = settleInThread(work("obey"), wrong([flag]), { pool, token, limiter, grace });
  await untilSet(flag);
  const next = runInThread(work<(f: Int32Array) => number>("mark"), [shared(1)], { pool, limiter });
  expect(limiter.borrowed).toBe(1);
  token.cancel();
  await running;
  await next;
  expect([flag[1], limiter.borrowed]).toEqual([1, 0]);
});

test("of 100 calls on 4 threads, one that ends its thread rejects alone, with its name and the exit code (THR-19)", async () => {
  const pool = poolOf(4);
  const calls = Array.from({ length: 100 }, (_, i) =>
    settleInThread(work(i === 50 ? "leave" : "add"), wrong(i === 50 ? [3] : [i, 1]), { pool }),
  );
  const outcomes = await Promise.all(calls);
  const failed = outcomes.filter(({ status }) => status === "failed");
  expect(failed).toHaveLength(1);
  const error = (failed[0] as { readonly error?: unknown }).error as ThreadEndedError;
  expect(error).toBeInstanceOf(ThreadEndedError);
  expect([error.name, error.call, error.exitCode]).toEqual(["ThreadEndedError", "leave", 3]);
  const sums = outcomes.flatMap((outcome) => (outcome.status === "completed" ? [outcome.value] : []));
  expect(sums).toEqual(Array.from({ length: 100 }, (_, i) => i + 1).filter((sum) => sum !== 51));
  // The pool is whole: four calls run at the same time again.
  const gate = shared(2);
  const held = [1, 2, 3, 4].map(() => runInThread(work("meet"), wrong([gate, 4]), { pool }));
  expect(await Promise.all(held)).toEqual([4, 4, 4, 4]);
});

// Only Node 20 ends the thread alone each time: other versions end the process, or tell nothing.
test.runIf(process.versions.node.startsWith("20.") && !("bun" in process.versions))(
  "a call that exceeds the memory of its thread rejects alone, with code, limits and name (THR-19)",
  async () => {
    const { code, output } = await runScript(`
      const entry = ${JSON.stringify(`${dist}threads.js`)};
      const { PiscinaPool, runInThread, settleInThread } = await import(entry);
      const source = "export const grow = () => { const all = []; for (;;) all.push(new Array(100).fill(0).map(() => ({}))); }; export const add = (a, b) => a + b";
      const module = new URL("data:text/javascript," + encodeURIComponent(source));
      const pool = new PiscinaPool({ threads: 2, resourceLimits: { maxOldGenerationSizeMb: 24 } });
      const add = () => runInThread({ module, export: "add" }, [1, 2], { pool });
      const [{ error }, sum] = await Promise.all([settleInThread({ module, export: "grow" }, [], { pool }), add()]);
      console.log(JSON.stringify([error.name, error.call, error.code, error.resourceLimits, sum, await add()]));
    `);
    expect({ code, output: output.trim() }).toEqual({
      code: 0,
      output: JSON.stringify([
        "ThreadEndedError",
        "grow",
        "ERR_WORKER_OUT_OF_MEMORY",
        { maxOldGenerationSizeMb: 24 },
        3,
        3,
      ]),
    });
  },
);

test("limits of memory are checked, and refused by name where the host ignores them (THR-19)", () => {
  const pool = (resourceLimits: unknown) => () => new PiscinaPool({ resourceLimits: wrong(resourceLimits) });
  expect(thrown(pool(7))).toMatchObject({
    message: expect.stringContaining("options.resourceLimits must be an object"),
  });
  expect(thrown(pool({ maxOldGenerationSizeMb: 0 }))).toMatchObject({
    message: "options.resourceLimits.maxOldGenerationSizeMb must be a number of MB above 0; got 0",
  });
  expect(thrown(pool({ maxOldGenerationSize: 5 }))).toMatchObject({
    message: expect.stringContaining("maxOldGenerationSizeMb"),
  });
  if ("bun" in process.versions)
    expectUsageError(thrown(pool({ stackSizeMb: 4 })), "ERR_UNSUPPORTED_HOST", /options\.resourceLimits/);
});

test.skipIf("deno" in process.versions)(
  "a limiter's place is not free before the thread is ended after the grace (THR-18)",
  async () => {
    const own = poolOf(2);
    const limiter = new CapacityLimiter(1);
    const flag = shared(1);
    const token = new CancellationToken();
    const running = settleInThread(work("spin"), wrong([flag]), { pool: own, token, limiter, grace: 300 });
    await untilSet(flag);
    const cancelledAt = performance.now();
    token.cancel();
    const next = await settleInThread(work("add"), wrong([1, 2]), { pool: own, limiter });
    expect(performance.now() - cancelledAt).toBeGreaterThanOrEqual(299);
    expect(next).toMatchObject({ status: "completed", value: 3 });
    expect(await running).toMatchObject({ status: "cancelled", ended: "terminated" });
  },
);

describe("a value that cannot be cloned is refused by its path, and the thread stays usable (THR-20)", () => {
  const pool = poolOf(1);
  test.each([
    [
      "add",
      [1, { list: [() => {}] }],
      "args[1].list[0] cannot be sent to another thread; got function (anonymous)",
    ],
    [
      "badProgress",
      [],
      "the progress.metadata.deep[0] cannot be sent to another thread; got function (anonymous)",
    ],
    ["uncloneable", [], "the result.list[1].deep cannot be sent to another thread; got function deep"],
  ] as const)("in %s", async (name, args, message) => {
    expect(await rejection(runInThread(work(name), wrong(args), { pool }))).toMatchObject({
      name: "TypeError",
      message,
    });
    expect(await runInThread(work("add"), wrong([1, 2]), { pool })).toBe(3);
  });
});

test("a result that was ready wins over the cancel, and each call settles once (THR-17, CONF-P04)", {
  timeout: 600_000,
}, async () => {
  const pool = poolOf(1);
  const statuses = new Set<string>();
  const registry = new OperationRegistry();
  for (let i = 0; i < 10_000; i++) {
    const token = new CancellationToken();
    const ending = settleInThread(work("add"), wrong([i, 1]), { pool, token, register: registry });
    // The turns of the loop choose the moment: before the start, in the thread, or when the result is on its way.
    for (let turn = Math.floor(Math.random() * 10); turn > 0; turn--) await new Promise(setImmediate);
    const took = token.cancel();
    const outcome = await ending;
    expect(took).toBe(true);
    statuses.add(outcome.status);
    expect(registry.history({ limit: 1 })[0]?.status).toBe(outcome.status);
    if (outcome.status === "completed") expect(outcome.value).toBe(i + 1);
    else expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "manual" } });
  }
  expect([...statuses].sort()).toContain("cancelled");
  expect(await runInThread(work("add"), wrong([1, 2]), { pool })).toBe(3);
});

test("a cancel reaches a thread that was started inside a thread (THR-29, CONF-P12)", async () => {
  const pool = poolOf(1);
  const flag = shared(2);
  const token = new CancellationToken();
  const ending = settleInThread(work("nest"), wrong([module.href, flag]), { pool, token, grace });
  await untilSet(flag);
  token.cancel("quota");
  expect(await ending).toMatchObject({
    status: "cancelled",
    ended: "cooperative",
    error: { reason: "quota" },
  });
  expect(flag[1]).toBe(1);
});

test("errors keep class name, message, code, stack, causes and parts (THR-21)", async () => {
  const pool = poolOf(1);
  const error = (await rejection(runInThread(work("fail"), [] as never, { pool }))) as Error;
  expect(error).toMatchObject({ name: "OwnError", message: "top", code: "E_OWN" });
  expect(error.stack).toContain("OwnError: top");
  const middle = error.cause as Error;
  expect(middle).toBeInstanceOf(TypeError);
  const bottom = middle.cause as AggregateError;
  expect(bottom).toBeInstanceOf(AggregateError);
  expect(bottom.errors[0]).toBeInstanceOf(RangeError);
  expect(bottom.errors[1]).toBe("two");
  expect(await rejection(runInThread(work("failWithText"), [] as never, { pool }))).toBe("text");
});

test("a wrong module, export or pool is refused by name (THR-22)", async () => {
  const pool = poolOf(1);
  const aURL = 'work.module must be a URL, such as new URL("./work.js", import.meta.url); got ';
  const cases: ReadonlyArray<readonly [work: unknown, text: string]> = [
    [undefined, `${aURL}undefined`],
    [{ module: "file:///x.js" }, `${aURL}"file:///x.js"`],
    [work("nothing"), 'has no export "nothing"; it has: '],
    [work("number"), "is no function"],
    [
      { module: new URL("file:///nowhere.js") },
      "the module file:///nowhere.js could not be loaded in a thread",
    ],
    [{ module: new URL("file:///nowhere.ts") }, "a thread loads TypeScript only where the host does"],
  ];
  for (const [given, text] of cases) {
    const error = await rejection(runInThread(wrong(given), [] as never, { pool }));
    expect((error as Error).message).toContain(text);
  }
  await pool.close();
  expectUsageError(
    await rejection(runInThread(work("add"), wrong([1, 2]), { pool })),
    "ERR_CLOSED",
    /pool of threads/,
  );
});

test("id, name, metadata and deadline are those of the caller, and nothing is seen by the next call (THR-24, THR-25, PAR-CTX-02, PAR-CTX-03)", async () => {
  const pool = poolOf(1);
  const options = { pool, id: "seven", name: "facts", metadata: { user: 7 }, timeout: 60_000 };
  const facts = await runInThread(work("facts"), [] as never, options);
  expect(facts).toEqual(["seven", "facts", { user: 7 }, true, false]);
  await runInThread(work("enter"), [] as never, { pool });
  expect(await runInThread(work("store"), [] as never, { pool })).toBe(undefined);
  const next = (await runInThread(work("facts"), [] as never, { pool })) as unknown[];
  expect(next.slice(1)).toEqual(["facts", {}, false, false]);
});

test("progress arrives whole, in order, before the call settles, in the context of the caller (THR-26, THR-28)", async () => {
  const pool = poolOf(1);
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const op = new Cancellable();
  op.onProgress((progress) => seen.push([progress, storage.getStore()]));
  await storage.run("caller", () => op.run(() => runInThread(work("report"), wrong([1_000]), { pool })));
  expect(seen).toEqual(Array.from({ length: 1_000 }, (_, i) => [String(i), "caller"]));
});

test("the console lines of a call are kept, also before process.exit (THR-28)", async () => {
  const { code, output } = await runScript(`
    const entry = ${JSON.stringify(`${dist}threads.js`)};
    const { settleInThread } = await import(entry);
    const source = "export const print = (end) => { for (let i = 0; i < 300; i++) console.log('line ' + i + ' ' + end); if (end === 'exit') process.exit(3); }";
    const work = { module: new URL("data:text/javascript," + source), export: "print" };
    await settleInThread(work, ["return"]);
    await settleInThread(work, ["exit"]);
  `);
  expect(code).toBe(0);
  const lines = output.trim().split("\n");
  for (const end of ["return", "exit"])
    expect(lines.filter((line) => line.endsWith(end))).toEqual(
      Array.from({ length: 300 }, (_, i) => `line ${i} ${end}`),
    );
});

test("an idle pool keeps no process alive (THR-30)", async () => {
  const { code, output, errors } = await runScript(`
    const entry = ${JSON.stringify(`${dist}threads.js`)};
    const { runInThread } = await import(entry);
    const module = new URL("data:text/javascript,export default (a) => a * 2");
    console.log(await runInThread({ module }, [21]));
  `);
  expect({ code, output: output.trim(), errors }).toEqual({ code: 0, output: "42", errors: "" });
});

test("a bundle without an address loads the entry, although it cannot have threads of a pool", async () => {
  const thread = new Thread(
    await threadModule(`
      import { SharedCancellationToken, threadEntry } from "@hother/cancelable/threads";
      const token = new SharedCancellationToken();
      token.cancel("quota");
      send([token.reason, threadEntry instanceof URL]);
    `),
  );
  expect(await thread.next()).toEqual(["quota", true]);
  expect(await thread.ended).toBe(0);
});
