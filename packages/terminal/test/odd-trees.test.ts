import { Cancellable, OperationRegistry, run, setReporter, sleep } from "@hother/cancelable";
import { expectNoLeaks, VirtualBackend } from "@hother/cancelable/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { renderProgress } from "../src/index.ts";
import { FakeFile, FakeTerminal, namesOn } from "./fake-terminal.ts";
import { onStage, started } from "./stage.ts";

beforeEach(() => {
  vi.stubEnv("TERM", "xterm");
  vi.stubEnv("NO_COLOR", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test("Children move below a parent that is registered later, and up when the parent is unregistered", async () => {
  await onStage(async ({ terminal, register, pass }) => {
    const top = started({ name: "top", register });
    const middle = started({ name: "middle" }, top.op);
    const leaves = ["a", "b"].map((name) => started({ name, register }, middle.op));
    await pass();
    expect(namesOn(terminal)).toEqual(["top", "├─ a", "└─ b"]);
    register.register(middle.op);
    await pass();
    expect(namesOn(terminal)).toEqual(["top", "└─ middle", "   ├─ a", "   └─ b"]);
    register.unregister(middle.op.id);
    await pass();
    expect(namesOn(terminal)).toEqual(["top", "├─ a", "└─ b"]);
    for (const leaf of leaves) await leaf.end();
    await pass(2_100);
    expect(namesOn(terminal)).toEqual(["top"]);
    await middle.end();
    await top.end();
  });
});

test("An operation below an unregistered parent disappears 2 s after its end, like any other operation", async () => {
  await onStage(async ({ terminal, register, pass }) => {
    const unknown = started({ name: "unknown" });
    const [one, two] = ["one", "two"].map((name) => started({ name, register }, unknown.op));
    await pass();
    expect(namesOn(terminal)).toEqual(["one", "two"]);
    await one?.end();
    await pass(2_100);
    expect(namesOn(terminal)).toEqual(["two"]);
    await two?.end();
    await pass(2_100);
    expect(terminal.lines).toEqual([]);
    register.register(unknown.op);
    await pass();
    expect(namesOn(terminal)).toEqual(["unknown"]);
    await unknown.end();
  });
});

test("Two operations with the same id are one row, which is not its own child", async () => {
  await onStage(async ({ terminal, register, pass }) => {
    const outer = started({ id: "x", name: "outer", register });
    await pass();
    const inner = started({ id: "x", name: "inner", register }, outer.op);
    await pass();
    expect(namesOn(terminal)).toHaveLength(1);
    await inner.end();
    await outer.end();
  });
});

test("Ancestors that are registered after their descendant have their place in the next picture", async () => {
  await onStage(async ({ terminal, register, pass }) => {
    const top = started({ name: "top" });
    const middle = started({ name: "middle" }, top.op);
    const leaf = started({ name: "leaf", register }, middle.op);
    await pass();
    register.register(top.op);
    register.register(middle.op);
    await pass();
    expect(namesOn(terminal)).toEqual(["top", "└─ middle", "   └─ leaf"]);
    for (const one of [leaf, middle, top]) await one.end();
  });
});

test("The tree is empty 2 s after the last operation has ended, and shows the next operation", async () => {
  await onStage(async ({ terminal, register, pass }) => {
    await started({ name: "one", register }).end();
    await pass(2_500);
    await pass();
    expect(terminal.lines).toEqual([]);
    const two = started({ name: "two", register });
    await pass();
    expect(namesOn(terminal)).toEqual(["two"]);
    await two.end();
  });
});

test.each([
  ["80 columns and 24 rows", undefined, 80],
  ["the width of the option `width`", 40, 40],
])("A terminal of unknown size has %s", async (_what, width, columns) => {
  class Unsized extends FakeTerminal {
    override write(text: string): void {
      [this.columns, this.rows] = [0, 0];
      super.write(text);
    }
  }
  const terminal = new Unsized(0, 0);
  await onStage(
    async ({ register, pass }) => {
      const jobs = Array.from({ length: 30 }, () => started({ name: "x".repeat(200), register }));
      await pass();
      await pass();
      terminal.columns = 200;
      expect(Math.max(...terminal.lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
      expect(terminal.lines).toHaveLength(23);
      for (const job of jobs) await job.end();
    },
    terminal,
    width === undefined ? {} : { width },
  );
});

test("A signal that another listener handles shows the cursor until the next picture", async () => {
  await onStage(async ({ terminal, register, pass }) => {
    const job = started({ name: "job", register });
    await pass();
    expect(terminal.screen.cursorShown).toBe(false);
    const handled: string[] = [];
    process.once("SIGHUP", (signal) => handled.push(signal));
    process.emit("SIGHUP", "SIGHUP");
    expect([handled, terminal.screen.cursorShown]).toEqual([["SIGHUP"], true]);
    await pass();
    expect(terminal.screen.cursorShown).toBe(false);
    await job.end();
  });
});

test("A view without operations does not move the cursor", async () => {
  const terminal = new FakeTerminal();
  const view = renderProgress(new OperationRegistry(), { stream: terminal });
  await view[Symbol.asyncDispose]();
  expect(terminal.lines).toEqual([]);
  expect(terminal.text).not.toContain("\u001b[?25");
});

test("A view that is disposed of immediately leaves no listener, no timer and a visible cursor", async () => {
  const terminal = new FakeTerminal();
  const register = new OperationRegistry();
  const job = started({ name: "job", register });
  await expectNoLeaks(async () => {
    const view = renderProgress(register, { stream: terminal });
    view[Symbol.dispose]();
    await view[Symbol.asyncDispose]();
  });
  expect(namesOn(terminal)).toEqual(["job"]);
  expect(terminal.screen.cursorShown).toBe(true);
  await job.end();
});

test("After concurrent disposals with both methods a view writes nothing", async () => {
  const register = new OperationRegistry();
  const stream = new FakeFile();
  const view = renderProgress(register, { stream });
  await new Cancellable({ name: "job", register }).run(() => {});
  const over = view[Symbol.asyncDispose]();
  await Promise.resolve();
  await Promise.resolve();
  view[Symbol.dispose]();
  const { text } = stream;
  await over;
  expect(stream.text).toBe(text);
});

test("An error while the last picture is written goes to the reporter", async () => {
  const reported: unknown[] = [];
  const before = setReporter((error) => void reported.push(error));
  const broken = new Error("the terminal is gone");
  const terminal = new FakeTerminal();
  try {
    const register = new OperationRegistry();
    const job = started({ name: "job", register });
    const view = renderProgress(register, { stream: terminal });
    terminal.write = (text) => {
      if (text.includes("\u001b[?25h")) throw broken;
    };
    await view[Symbol.asyncDispose]();
    await job.end();
  } finally {
    setReporter(before);
  }
  expect(reported).toEqual([broken]);
});

test("The last picture of `using` includes events that the view has not read yet", async () => {
  const stream = new FakeFile();
  const register = new OperationRegistry();
  await run(
    async () => {
      const lives = started({ name: "lives", register });
      const ends = started({ name: "ends", register });
      const view = renderProgress(register, { stream });
      await sleep(150);
      await ends.end();
      lives.op.reportProgress("at work");
      const born = started({ name: "born", register });
      view[Symbol.dispose]();
      await lives.end();
      await born.end();
    },
    { backend: new VirtualBackend() },
  );
  const lines = stream.lines.map((line) => line.slice(11));
  expect(lines).toContain("ends  completed  in 0.1 s");
  expect(lines).toContain("lives  running  at work");
  expect(lines).toContain("born  running");
});

test("In a deep tree a line names the operation and five ancestors, and marks the omission of others", async () => {
  const stream = new FakeFile();
  const register = new OperationRegistry();
  const view = renderProgress(register, { stream });
  const all = [started({ name: "op 0", register })];
  for (let depth = 1; depth < 8; depth++) all.unshift(started({ name: `op ${depth}`, register }, all[0]?.op));
  for (const one of all) await one.end();
  await view[Symbol.asyncDispose]();
  expect(stream.text).toContain("… > op 2 > op 3 > op 4 > op 5 > op 6 > op 7  completed");
  expect(stream.text).toContain("] op 0 > op 1 > op 2 > op 3 > op 4 > op 5  completed");
});

test("A cancellation without a message is shown with its reason", async () => {
  const stream = new FakeFile();
  const register = new OperationRegistry();
  const view = renderProgress(register, { stream });
  for (const [name, message] of [
    ["empty", ""],
    ["plain", "Operation cancelled"],
  ] as const) {
    const job = started({ name, register });
    job.op.cancel("shutdown", message);
    await job.ended;
  }
  await view[Symbol.asyncDispose]();
  expect(stream.text).toMatch(/empty {2}cancelled {2}shutdown\n/);
  expect(stream.text).toMatch(/plain {2}cancelled {2}shutdown\n/);
});

test("Without options the view writes to the standard output", async () => {
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  vi.stubEnv("TERM", "dumb");
  try {
    const job = new Cancellable({ name: "job" });
    const view = renderProgress(job);
    await job.run(() => {});
    await view[Symbol.asyncDispose]();
  } finally {
    write.mockRestore();
  }
  expect(written.join("")).toContain("job  completed");
});
