import { Cancellable, OperationRegistry } from "@hother/cancelable";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { renderProgress } from "../src/index.ts";
import { FakeTerminal } from "./fake-terminal.ts";
import { onStage, started } from "./stage.ts";

beforeEach(() => {
  vi.stubEnv("TERM", "xterm");
  vi.stubEnv("NO_COLOR", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

test("The tree shows the bar, percent, state, rate and remaining time of each operation", async () => {
  await onStage(async ({ terminal, register, pass }) => {
    const backup = started({ name: "backup", register, progressFrom: "children" });
    const users = started({ name: "users", register }, backup.op);
    const index = started({ name: "index", register }, users.op);
    const orders = started({ name: "orders", register }, backup.op);
    users.op.reportProgress({ current: 0, total: 1_000, unit: "rows" });
    await pass(1_000);
    users.op.reportProgress({ current: 500, total: 1_000, unit: "rows" });
    index.op.reportProgress("sorting");
    await pass();
    expect(terminal.lines).toEqual([
      "backup       ██░░░░░░░░░  25%  running",
      "├─ users     █████░░░░░░  50%  running     500 rows/s  1.0 s left",
      "│  └─ index  sorting           running",
      "└─ orders                      running",
    ]);
    await orders.end();
    await index.end(new Error("disk full"));
    users.op.cancel("manual", "not tonight");
    await users.ended;
    await pass();
    expect(terminal.lines).toEqual([
      "backup       ████████░░░  75%  running",
      "├─ users     █████░░░░░░  50%  cancelled   manual: not tonight",
      "│  └─ index  sorting           failed      disk full",
      "└─ orders                      completed   in 1.1 s",
    ]);
    await pass(2_000);
    expect(terminal.lines).toEqual(["backup  ████████░░░  75%  running"]);
    await backup.end();
  });
});

test("The cursor is hidden while the view runs and shown again when the view is disposed of", async () => {
  for (const dispose of [Symbol.dispose, Symbol.asyncDispose] as const) {
    const before = process.listenerCount("SIGINT");
    await onStage(async ({ terminal, register, view, pass }) => {
      const job = started({ name: "job", register });
      await pass();
      expect(terminal.screen.cursorShown).toBe(false);
      await job.end();
      await view[dispose]();
      expect(terminal.screen.cursorShown).toBe(true);
      expect(terminal.lines.at(-1)).toMatch(/^job .* completed +in 0\.1 s$/);
    });
    expect(process.listenerCount("SIGINT")).toBe(before);
  }
});

test("A view that is disposed of immediately shows how the operations ended", async () => {
  const terminal = new FakeTerminal();
  const register = new OperationRegistry();
  const view = renderProgress(register, { stream: terminal });
  await new Cancellable({ name: "quick", register }).run(() => undefined);
  await view[Symbol.asyncDispose]();
  expect(terminal.lines).toEqual([expect.stringMatching(/^quick .*completed/)]);
  expect(terminal.screen.cursorShown).toBe(true);
});

test("An infinite amount shows no percent, and more than the total shows 100%", async () => {
  await onStage(async ({ terminal, register, pass }) => {
    const endless = started({ name: "endless", register });
    const over = started({ name: "over", register });
    endless.op.reportProgress({ current: Infinity, total: Infinity });
    over.op.reportProgress({ current: 7, total: 5 });
    await pass();
    expect(terminal.lines).toEqual([
      "endless  ∞                 running",
      "over     ███████████ 100%  running",
    ]);
    await endless.end();
    await over.end();
  });
});

test.each([1, 5, 8, 12, 20, 29, 30, 45, 59, 60, 80, 200])("No line wraps in %i columns", async (columns) => {
  await onStage(async ({ terminal, register, pass }) => {
    const top = started({ name: "数据库备份 of everything that there is 🎉", register });
    const low = started({ name: "x".repeat(300), register }, top.op);
    low.op.reportProgress({ current: 1, total: 2, message: "写入 ".repeat(50), unit: "行" });
    await pass();
    low.op.cancel("manual", "因为 ".repeat(80));
    await low.ended;
    await pass();
    expect(terminal.lines.length).toBeLessThanOrEqual(3); // throws if a line wraps
    await top.end();
  }, new FakeTerminal(columns));
});

test("Below 30 columns the tree shows only names and percent", async () => {
  await onStage(async ({ terminal, register, pass }) => {
    const top = started({ name: "backup", register });
    const low = started({ name: "users and their settings", register }, top.op);
    low.op.reportProgress({ current: 1, total: 3, message: "rows" });
    await pass();
    expect(terminal.lines).toEqual(["backup", "└─ users and th…   33%"]);
    top.op.cancel();
    await top.ended;
  }, new FakeTerminal(22));
});

test("The option `width` limits the tree to less than the width of the terminal", async () => {
  await onStage(
    async ({ terminal, register, pass }) => {
      const job = started({ name: "a job with a long name, longer than it should be", register });
      await pass();
      expect(terminal.lines).toEqual(["a job with a lo…        running"]);
      await job.end();
    },
    new FakeTerminal(120),
    { width: 40 },
  );
});

test.each([
  ["", undefined, true],
  ["1", undefined, false],
  ["1", true, true],
  ["", false, false],
])("With NO_COLOR=%j and the option colour=%s, colours are %s", async (noColor, colour, expected) => {
  vi.stubEnv("NO_COLOR", noColor);
  await onStage(
    async ({ terminal, register, pass }) => {
      await started({ name: "job", register }).end(new Error("broken"));
      await pass();
      expect(terminal.screen.colours > 0).toBe(expected);
    },
    undefined,
    colour === undefined ? {} : { colour },
  );
});

test("A terminal that cannot move its cursor gets plain lines", async () => {
  vi.stubEnv("TERM", "dumb");
  const terminal = new FakeTerminal();
  const register = new OperationRegistry();
  const view = renderProgress(register, { stream: terminal });
  await new Cancellable({ name: "job", register }).run(() => undefined);
  await view[Symbol.asyncDispose]();
  expect(terminal.text).not.toContain("\u001b");
  expect(terminal.lines[0]).toMatch(/job {2}running$/);
});
