import { Cancellable, OperationRegistry, run, sleep } from "@hother/cancelable";
import { VirtualBackend } from "@hother/cancelable/testing";
import { expect, test } from "vitest";
import { renderProgress } from "../src/index.ts";
import { FakeFile, hasControls } from "./fake-terminal.ts";

/** Runs `body` in virtual time. Returns the lines that the view writes about the operations of `body`. */
async function written(
  body: (registry: OperationRegistry) => Promise<unknown>,
  options?: { readonly colour: boolean },
): Promise<string[]> {
  const stream = new FakeFile();
  const registry = new OperationRegistry();
  await run(
    async () => {
      const view = renderProgress(registry, { ...options, stream });
      await body(registry);
      await view[Symbol.asyncDispose]();
    },
    { backend: new VirtualBackend() },
  );
  expect(hasControls(stream.text)).toBe(false);
  return stream.lines;
}

test("Outside of a terminal each change of state is a line with the names of the ancestors", async () => {
  const lines = await written(async (register) => {
    const child = new Cancellable({ name: "users", register });
    await new Cancellable({ name: "backup", register }).run(async (op) => {
      await op.sleep(500);
      await child.settle((it) => it.sleep(1_500).then(() => Promise.reject(new Error("disk full"))));
    });
  });
  expect(lines).toEqual([
    "[   0.0 s] backup  running",
    "[   0.5 s] backup > users  running",
    "[   2.0 s] backup > users  failed  disk full",
    "[   2.0 s] backup  completed  in 2.0 s",
  ]);
});

test("Outside of a terminal the newest progress of an operation is a line, at most once per second", async () => {
  const lines = await written((register) =>
    new Cancellable({ name: "copy", register }).run(async (op) => {
      for (let current = 0; current <= 250; current++) {
        op.reportProgress({ current, total: 300, unit: "files" });
        await sleep(10);
      }
      await sleep(1_500);
    }),
  );
  const progress = lines.filter((line) => line.includes("%") && line.includes("running"));
  expect(progress.map((line) => line.slice(0, 30).trimEnd())).toEqual([
    "[   0.1 s] copy  running  0%",
    "[   1.1 s] copy  running  33%",
    "[   2.1 s] copy  running  66%",
    "[   3.1 s] copy  running  83%",
  ]);
  expect(progress.at(-1)).toMatch(/83% {2}100 files\/s {2}0\.5 s left$/);
});

test("A line shows that an operation is being cancelled, and a line shows the reason", async () => {
  const lines = await written(async (register) => {
    const slow = Cancellable.withTimeout(1_000, { name: "slow", register });
    await slow.settle((op) => op.sleep(5_000).finally(() => op.shield(() => sleep(250))));
    const stopped = new Cancellable({ name: "stopped", register });
    await stopped.settle(async () => {
      stopped.cancel("manual", "not tonight");
      await sleep(1);
    });
  });
  expect(lines).toEqual([
    "[   0.0 s] slow  running",
    "[   1.0 s] slow  cancelling  timed out after 1 s",
    "[   1.3 s] slow  cancelled  timed out after 1 s",
    "[   1.3 s] stopped  running",
    "[   1.3 s] stopped  cancelling  manual: not tonight",
    "[   1.3 s] stopped  cancelled  manual: not tonight",
  ]);
});

test("User text cannot start new lines, and a file never contains colours", async () => {
  const lines = await written(
    (register) =>
      new Cancellable({ name: "a\nb\u001b[31mred\u001b[0m\u202e", register }).settle(() => {
        throw new Error("first\r\nsecond\u001b]8;;http://x\u0007link");
      }),
    { colour: true },
  );
  expect(lines).toEqual(["[   0.0 s] a bred  running", "[   0.0 s] a bred  failed  first secondlink"]);
});

test("An operation without a name is shown with the first eight characters of its id", async () => {
  const lines = await written((register) =>
    new Cancellable({ id: "0123456789abcdef", register }).run(() => undefined),
  );
  expect(lines[0]).toBe("[   0.0 s] 01234567  running");
});

test("An operation is shown below its nearest registered ancestor", async () => {
  const lines = await written((register) =>
    new Cancellable({ name: "top", register }).run(() =>
      new Cancellable({ name: "unknown" }).run(async () => {
        await new Cancellable({ name: "leaf", register }).run(() => sleep(300));
      }),
    ),
  );
  expect(lines.filter((line) => line.includes("leaf")).at(-1)).toBe(
    "[   0.3 s] top > leaf  completed  in 0.3 s",
  );
});

test("The view of an operation shows its children, ends with the operation and leaves no timer", async () => {
  const backend = new VirtualBackend();
  const stream = new FakeFile();
  await run(
    async () => {
      const top = new Cancellable({ name: "top" });
      renderProgress(top, { stream });
      await sleep(200);
      await top.run(() => new Cancellable({ name: "part" }).run(() => sleep(1_000)));
    },
    { backend },
  );
  await backend.untilIdle();
  expect(stream.lines.map((line) => line.slice(11))).toEqual([
    "top  pending",
    "top  running",
    "top > part  running",
    "top > part  completed  in 1.0 s",
    "top  completed  in 1.0 s",
  ]);
  expect(backend.timerCount).toBe(0);
});

test("After disposal a view writes nothing, and a second disposal does nothing", async () => {
  const stream = new FakeFile();
  const register = new OperationRegistry();
  await run(
    async () => {
      const view = renderProgress(register, { stream });
      await new Cancellable({ name: "seen", register }).run(() => sleep(1));
      view[Symbol.dispose]();
      const { text } = stream;
      await view[Symbol.asyncDispose]();
      await new Cancellable({ name: "unseen", register }).run(() => sleep(500));
      expect(stream.text).toBe(text);
    },
    { backend: new VirtualBackend() },
  );
  expect(stream.lines.map((line) => line.slice(11))).toEqual(["seen  running", "seen  completed  in 0.0 s"]);
});

test("A cancellation of its caller does not stop a view, which shows how the caller ends", async () => {
  const stream = new FakeFile();
  const register = new OperationRegistry();
  await run(
    async () => {
      const top = Cancellable.withTimeout(500, { name: "top", register });
      let view: AsyncDisposable | undefined;
      await top.settle(async () => {
        view = renderProgress(register, { stream });
        await sleep(9_000);
      });
      await view?.[Symbol.asyncDispose]();
    },
    { backend: new VirtualBackend() },
  );
  expect(stream.lines.at(-1)).toBe("[   0.5 s] top  cancelled  timed out after 500 ms");
});

test("An unregistered operation is no longer shown", async () => {
  const lines = await written(async (register) => {
    const job = new Cancellable({ name: "job", register });
    await job.run(async () => {
      await sleep(500);
      register.unregister(job.id);
      await sleep(500);
      job.reportProgress("unseen");
      await sleep(500);
    });
  });
  expect(lines).toEqual(["[   0.0 s] job  running"]);
});
