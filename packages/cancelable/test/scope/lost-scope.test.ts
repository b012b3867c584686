import { afterEach, expect, test, vi } from "vitest";

// The module for hosts without AsyncLocalStorage, on every host.
vi.mock("#platform/ambient", () => import("../../src/platform/ambient.web.ts"));

async function load(): Promise<typeof import("../../src/index.ts")> {
  vi.resetModules();
  return import("../../src/index.ts");
}

afterEach(() => {
  vi.restoreAllMocks();
  (globalThis as { [key: symbol]: unknown[] | undefined })[Symbol.for("@hother/cancelable.copies/1")]?.splice(
    1,
  );
});

const watchWarnings = (): ReturnType<typeof vi.spyOn> =>
  vi.spyOn(console, "warn").mockImplementation(() => {});

test("a free function after an await, while an operation runs, warns once and names the form with op (rule 55)", async () => {
  const { Cancellable, checkpoint, currentSignal, moveOnAfter, sleep } = await load();
  const warn = watchWarnings();
  const outcome = await Cancellable.withTimeout(60_000, { name: "search" }).settle(async () => {
    await sleep(1); // in the operation
    expect(warn).not.toHaveBeenCalled();
    await sleep(1);
    await checkpoint();
    currentSignal();
    await moveOnAfter(1, () => {});
  });
  expect(outcome.status).toBe("completed");
  expect(warn.mock.calls).toEqual([
    [
      expect.stringMatching(
        /outside of every scope.*lost-scope\.test\.ts.*while operation "search" runs\. This host has no AsyncLocalStorage.*op\.sleep/s,
      ),
    ],
  ]);
});

test("the warning has no place where errors have no stack", async () => {
  const { Cancellable, sleep } = await load();
  const warn = watchWarnings();
  const before = Error.stackTraceLimit;
  await new Cancellable({ name: "search" }).run(async () => {
    await sleep(1);
    Error.stackTraceLimit = 0;
    try {
      await sleep(1);
    } finally {
      Error.stackTraceLimit = before;
    }
  });
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/outside of every scope, while operation "search"/)],
  ]);
});

test.for([
  "sleep",
  "checkpoint",
  "waitFor",
  "currentSignal",
  "currentDeadline",
  "taskGroup",
  "moveOnAfter",
  "acquire",
] as const)("%s warns", async (name) => {
  const {
    Cancellable,
    checkpoint,
    currentDeadline,
    currentSignal,
    Lock,
    moveOnAfter,
    sleep,
    taskGroup,
    waitFor,
  } = await load();
  const calls: Record<typeof name, () => unknown> = {
    sleep: () => sleep(1),
    checkpoint,
    waitFor: () => waitFor(Promise.resolve()),
    currentSignal,
    currentDeadline,
    taskGroup: () => taskGroup(() => {}),
    moveOnAfter: () => moveOnAfter(5, () => {}),
    acquire: () => new Lock().acquire(),
  };
  const warn = watchWarnings();
  await calls[name]();
  expect(warn).not.toHaveBeenCalled();
  await new Cancellable().run(async () => {
    await Promise.resolve();
    await calls[name]();
  });
  expect(warn).toHaveBeenCalledOnce();
});

test("nothing warns in the right form, nor outside of every operation, nor where operations are made", async () => {
  const { Cancellable, currentOperation, getBackend, Lock, map, moveOnAfter, run, sleep, taskGroup } =
    await load();
  const warn = watchWarnings();
  await sleep(1);
  await taskGroup((group) => void group.startSoon(() => sleep(1)));
  await new Cancellable().run(async (op) => {
    await op.sleep(1);
    await op.waitFor(Promise.resolve());
    op.check();
    op.signal.throwIfAborted();
    currentOperation();
    getBackend();
    using _lease = await new Lock().acquire({ scope: op });
    await moveOnAfter(5, (scope) => scope.sleep(1), { parent: op });
    await taskGroup((group) => void group.startSoon(() => {}), { parent: op });
    await map([1, 2, 3], (n) => n, { parent: op, concurrency: 1 });
    await new Cancellable().run(() => {}); // an operation of its own, as in an event handler
    await moveOnAfter(5, () => {}, { parent: null });
    await run(() => {});
  });
  await sleep(1);
  expect(warn.mock.calls).toEqual([]);
});

test("a scope that is no operation is named, or called an operation", async () => {
  const { CancelScope, sleep } = await load();
  const warn = watchWarnings();
  await new CancelScope({ name: "upload" }).run(async () => {
    await Promise.resolve();
    await sleep(0);
  });
  expect(warn.mock.calls).toEqual([[expect.stringContaining('while scope "upload" runs')]]);
});
