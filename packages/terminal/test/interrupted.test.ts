import { describe, expect, test } from "vitest";
import { screenOf } from "./fake-terminal.ts";
import { hasTerminals, runInTerminal } from "./pty.ts";

const size = { columns: 70, rows: 12 };

/** A program with an operation and its view. `interrupt` runs after the first picture. */
const program = (operation: string, interrupt: string): string => `
  import { Cancellable, registry, sleep } from "@hother/cancelable";
  import { renderProgress } from "@hother/cancelable-terminal";

  const write = process.stdout.write.bind(process.stdout);
  let drawn = false;
  process.stdout.write = (text, ...rest) => {
    const result = write(text, ...rest);
    if (!drawn && String(text).includes("running")) {
      drawn = true;
      setImmediate(() => { ${interrupt} });
    }
    return result;
  };
  const job = ${operation};
  const view = renderProgress(job, { interval: 20 });
  const outcome = await job.settle((op) => op.sleep({ minutes: 5 }));
  await view[Symbol.asyncDispose]();
  console.log("after the view:", outcome.status, outcome.error.reason);
`;

describe.runIf(hasTerminals)("In a terminal", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ])("%s ends the process as usual, and the cursor is shown again", async (signal, expected) => {
    const interrupt = `process.kill(process.pid, "${signal}");`;
    const { code, text } = await runInTerminal(program('new Cancellable({ name: "job" })', interrupt), size);
    expect(code).toBe(expected);
    expect(text).toContain("\u001b[?25l");
    expect(screenOf(text, size.columns)).toMatchObject({
      cursorShown: true,
      lines: [expect.stringMatching(/^job .*running$/)],
    });
  });

  test.each([
    ["exit", "process.exit(3);", 3],
    ["an uncaught error", 'console.error = () => {}; throw new Error("uncaught");', 1],
  ])("The cursor is shown again after %s", async (_how, interrupt, expected) => {
    const { code, text } = await runInTerminal(program('new Cancellable({ name: "job" })', interrupt), size);
    expect(code).toBe(expected);
    expect(text.lastIndexOf("\u001b[?25h")).toBeGreaterThan(text.lastIndexOf("\u001b[?25l"));
  });

  test("A signal ends the process also with two views and with the listener of another package", async () => {
    const others = `(createLogUpdate(process.stderr)("other"), renderProgress(new Cancellable()),`;
    const source = `import { createLogUpdate } from "log-update";
      ${program(`${others} new Cancellable({ name: "job" }))`, 'process.kill(process.pid, "SIGINT");')}`;
    const { code, text } = await runInTerminal(source, size);
    expect(code).toBe(130);
    expect(text.lastIndexOf("\u001b[?25h")).toBeGreaterThan(text.lastIndexOf("\u001b[?25l"));
  });

  test("A signal that cancels the operation does not end the process, and the tree shows the signal as the reason", async () => {
    const interrupt = 'process.kill(process.pid, "SIGINT");';
    const { code, text } = await runInTerminal(program('Cancellable.withSignal("SIGINT")', interrupt), size);
    expect(code).toBe(0);
    const { cursorShown, lines } = screenOf(text, size.columns);
    expect(cursorShown).toBe(true);
    expect(lines.at(-1)).toBe("after the view: cancelled signal");
    expect(lines.at(-2)).toMatch(/^[\da-f]{8} .*cancelled +by signal SIGINT$/);
  });
});
