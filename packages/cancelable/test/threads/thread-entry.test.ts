import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CancellationError, CancellationToken, currentOperation, moveOnAfter } from "../../src/index.ts";
import {
  PiscinaPool,
  runInThread,
  settleInThread,
  ThreadEndedError,
  type ThreadPool,
  type ThreadWork,
} from "../../src/threads/index.ts";
import runCall from "../../src/threads/thread-entry.ts";
import { rejection } from "../backends.ts";
import { expectUsageError, wrong } from "../refusals.ts";
import { moduleFile } from "./module-file.ts";

/** A pool that runs calls in this thread: any object with two functions is a pool. */
const here: ThreadPool = {
  run: (call) => runCall(call as Parameters<typeof runCall>[0]),
  close: async () => {},
};
const options = { pool: here };

/** Modules that Node loads see the functions of the test here. */
const tools = globalThis as { toolsOfTest?: unknown };
beforeEach(() => {
  tools.toolsOfTest = { currentOperation };
});
afterEach(() => {
  delete tools.toolsOfTest;
});

const work = (source: string, name = "default"): ThreadWork<(...args: unknown[]) => unknown> => ({
  module: moduleFile(`const { currentOperation } = toolsOfTest; ${source}`),
  export: name,
});

describe("a call on a pool of the user's own", () => {
  test("gives its result", async () => {
    expect(await runInThread(work("export default (a, b) => a + b"), [1, 2], options)).toBe(3);
    const { module } = work("export default () => 7");
    expect(await runInThread({ module }, [], options)).toBe(7);
    expect(await runInThread((n: number) => n + 1, [7], options)).toBe(8);
  });

  test("refuses a function whose globals the thread does not have (THR-23)", async () => {
    const globals = globalThis as { onlyBefore?: number };
    globals.onlyBefore = 1;
    const later: ThreadPool = {
      ...here,
      run: (call, ofPool) => {
        delete globals.onlyBefore;
        return here.run(call, ofPool);
      },
    };
    const source = "() => onlyBefore";
    const fn = (globalThis.eval as (text: string) => () => number)(source);
    expect(await rejection(runInThread(fn, [], { pool: later }))).toMatchObject({
      name: "ReferenceError",
      message: "a thread has no global onlyBefore",
    });
  });

  test("reports progress, and sees the cancellation", async () => {
    const token = new CancellationToken();
    tools.toolsOfTest = { currentOperation, cancel: () => token.cancel("quota", "enough") };
    const source = `
      export default () => {
        currentOperation().reportProgress("half", { part: 1 });
        toolsOfTest.cancel();
        currentOperation().check();
      };
    `;
    const outcome = await settleInThread(work(source), [], { ...options, token, metadata: { user: 7 } });
    expect(outcome).toMatchObject({
      status: "cancelled",
      ended: "cooperative",
      error: { reason: "quota", message: "enough" },
    });
  });

  test("does not start when it is cancelled in the queue", async () => {
    const token = new CancellationToken();
    const slow: ThreadPool = {
      ...here,
      run: async (call, { terminate }) => {
        token.cancel("quota");
        expect(terminate.aborted).toBe(false);
        await here.run(call, { transfer: [], terminate });
      },
    };
    const outcome = await settleInThread(work("export default () => { throw 1 }"), [], { pool: slow, token });
    expect(outcome).toMatchObject({ status: "cancelled", ended: undefined, thread: undefined, ranMs: 0 });
  });

  test("that has finished when the grace is over is not terminated (THR-17)", async () => {
    const token = new CancellationToken();
    const late: ThreadPool = {
      ...here,
      run: async (call, { terminate }) => {
        const { port, state } = call as { readonly port: MessagePort; readonly state: Int32Array };
        state[0] = 1;
        token.cancel("quota");
        state[0] = 3;
        // The grace is over in the next turn of the timers.
        await new Promise((resolve) => setTimeout(resolve, 5));
        port.postMessage({ type: "value", at: 0, value: 7 });
        expect(terminate.aborted).toBe(false);
      },
    };
    const outcome = await settleInThread(work(""), [], { pool: late, token, grace: 0 });
    expect(outcome).toMatchObject({ status: "completed", value: 7, ended: undefined });
  });

  test("whose thread sees the deadline first, is cancelled by the scope with the deadline (THR-16)", async () => {
    const ahead: ThreadPool = {
      ...here,
      run: async (call) => {
        const { port, state, deadline } = call as {
          readonly port: MessagePort;
          readonly state: Int32Array;
          readonly deadline: number;
        };
        state[0] = 3;
        const json = { reason: "timeout", message: "late" };
        port.postMessage({ type: "cancelled", at: deadline, json });
      },
    };
    const outcome = await moveOnAfter(60_000, () => runInThread(work(""), [], { pool: ahead }));
    expect(outcome).toBe(undefined);
  });

  test("that fails before a thread starts the call, rejects with the error of the pool", async () => {
    const error = new Error("queue full");
    const full: ThreadPool = { ...here, run: () => Promise.reject(error) };
    expect(await rejection(runInThread(work(""), [], { pool: full }))).toBe(error);
  });

  test("that loses a thread, rejects with an error that names the call (THR-19)", async () => {
    const losing: ThreadPool = {
      ...here,
      run: async (call) => {
        const { port, state } = call as { readonly port: MessagePort; readonly state: Int32Array };
        state[0] = 1;
        port.postMessage({ type: "started", at: 0, thread: 1 });
        throw "gone";
      },
    };
    const error = await rejection(runInThread(work("", "lost"), [], { pool: losing }));
    expect(error).toBeInstanceOf(ThreadEndedError);
    expect(error).toMatchObject({ call: "lost", exitCode: undefined, cause: "gone" });
  });

  test("names the value that cannot be sent, in arguments, results and progress (THR-20)", async () => {
    const fn = (): void => {};
    const cyclic: { self?: unknown; fn?: unknown } = { fn };
    cyclic.self = cyclic;
    const list = "args[0] cannot be sent to another thread; got function fn";
    expect(await rejection(runInThread(work(""), [fn], options))).toMatchObject({ message: list });
    const error = await rejection(runInThread(work(""), [cyclic], options));
    expect((error as Error).message).toContain("cannot be sent to another thread");
    expect(await rejection(runInThread(work(""), [{ map: new WeakMap() }], options))).toMatchObject({
      message: "args[0].map cannot be sent to another thread; got an instance of WeakMap",
    });
    const result = await rejection(
      runInThread(work("export default () => ({ a: [Symbol()] })"), [], options),
    );
    expect(result).toMatchObject({
      message: expect.stringContaining("the result.a[0] cannot be sent"),
      code: "ERR_UNCLONEABLE",
    });
    const report = "export default () => { currentOperation().reportProgress('x', { f() {} }); }";
    expect(await rejection(runInThread(work(report), [], options))).toMatchObject({
      message: expect.stringContaining("the progress.metadata.f cannot be sent"),
    });
  });

  test("refuses modules and exports that are not there (THR-22)", async () => {
    const cases: ReadonlyArray<readonly [work: unknown, text: string]> = [
      [work("export const a = 1, b = 2", "c"), 'has no export "c"; it has: a, b'],
      [work("", "c"), 'has no export "c"; it has: none'],
      [work("export const a = 1", "a"), 'the export "a" of file:'],
      [{ module: new URL("file:///nowhere.js") }, "could not be loaded in a thread"],
      [{ module: new URL("file:///nowhere.ts") }, "TypeScript only where the host does"],
    ];
    for (const [given, text] of cases)
      expect(((await rejection(runInThread(wrong(given), wrong([]), options))) as Error).message).toContain(
        text,
      );
  });

  test("keeps errors of every kind (THR-21)", async () => {
    const thrown = (expression: string): Promise<unknown> =>
      rejection(runInThread(work(`export default () => { throw ${expression} }`), [], options));
    expect(await thrown("undefined")).toBe(undefined);
    expect(await thrown("() => {}")).toBe("function (anonymous)");
    expect(await thrown("new DOMException('no', 'DataError')")).toMatchObject({
      name: "DataError",
      message: "no",
    });
    expect(await thrown("Object.assign(new Error('x'), { code: 'E', fn() {} })")).toMatchObject({
      code: "E",
    });
    const deep = await thrown(
      "(() => { let e = new Error('0'); for (let i = 1; i < 40; i++) e = new Error(`${i}`, { cause: e }); return e; })()",
    );
    let depth = 0;
    for (let link = deep as Error | undefined; link !== undefined; link = link.cause as Error | undefined)
      depth++;
    expect(depth).toBe(17);
    tools.toolsOfTest = { currentOperation, error: new CancellationError("quota", "theirs") };
    const other = await thrown("new AggregateError([toolsOfTest.error], 'many')");
    const [part] = (other as AggregateError).errors;
    expect(part).toBeInstanceOf(CancellationError);
    expect(part).toMatchObject({ reason: "quota", message: "theirs" });
  });

  test("wrong arguments are refused before anything starts", async () => {
    const cases: ReadonlyArray<readonly [call: () => Promise<unknown>, text: string]> = [
      [() => runInThread(wrong(null), wrong([])), "work.module must be a URL"],
      [
        () => runInThread(wrong({ module: new URL("file:///x"), export: 7 }), wrong([])),
        "work.export must be a string",
      ],
      [() => runInThread(work(""), wrong(7)), "args must be an array of the arguments; got 7"],
      [
        async () => new PiscinaPool({ threads: -1 }),
        "options.threads must be a whole number of at least 1, or Infinity; got -1",
      ],
      [() => runInThread(work(""), [], { transfer: wrong(7) }), "options.transfer must be an array; got 7"],
      [
        () => runInThread(work(""), [], { limiter: wrong(7) }),
        "options.limiter must be a CapacityLimiter; got 7",
      ],
      [() => runInThread(work(""), [], { pool: wrong({}) }), "options.pool.run must be a function"],
      [() => runInThread(work(""), [], { pool: wrong(null) }), "options.pool.run must be a function"],
      [() => runInThread(work(""), [], { grace: Number.NaN }), "options.grace must be"],
    ];
    for (const [call, text] of cases) expect(((await rejection(call())) as Error).message).toContain(text);
  });
});

test("the error for a missing package names it", async () => {
  vi.doMock("piscina", () => {
    throw new Error("not installed");
  });
  try {
    const pool = new PiscinaPool();
    const error = await rejection(runInThread(work(""), [], { pool }));
    expectUsageError(error, "ERR_MISSING_PACKAGE", /npm install piscina/);
    expect((error as Error).cause).toBeInstanceOf(Error);
  } finally {
    vi.doUnmock("piscina");
  }
});
