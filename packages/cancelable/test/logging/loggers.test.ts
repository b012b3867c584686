import { describe, expect, test, vi } from "vitest";
import { Cancellable } from "../../src/index.ts";
import { consoleLogger, logOperations } from "../../src/logging/index.ts";
import { expectThrows, wrong } from "../refusals.ts";

function recordingConsole() {
  const lines: unknown[][] = [];
  const method =
    (name: string) =>
    (...data: unknown[]): void =>
      void lines.push([name, ...data]);
  return {
    lines,
    debug: method("debug"),
    info: method("info"),
    warn: method("warn"),
    error: method("error"),
  };
}

describe("consoleLogger", () => {
  test("the message comes first, then the fields, through the method of the console; trace uses debug", () => {
    const target = recordingConsole();
    const logger = consoleLogger({ level: "trace", console: target });
    for (const level of ["trace", "debug", "info", "warn", "error"] as const)
      logger[level]({ level }, "text");
    expect(target.lines).toEqual([
      ["debug", "text", { level: "trace" }],
      ["debug", "text", { level: "debug" }],
      ["info", "text", { level: "info" }],
      ["warn", "text", { level: "warn" }],
      ["error", "text", { level: "error" }],
    ]);
  });

  test("entries below the level, by default info, are not written", async () => {
    const target = recordingConsole();
    const logging = logOperations(consoleLogger({ console: target }));
    await new Cancellable({ name: "100 %d" }).run((op) => op.reportProgress("half way"));
    logging[Symbol.dispose]();
    expect(target.lines).toHaveLength(1);
    expect(target.lines[0]).toMatchObject([
      "info",
      expect.stringContaining('operation "100 %%d" completed'),
      { event: "operation.completed", operationName: "100 %d" },
    ]);
  });

  test("the default console is the global one at the time of the call", () => {
    const logger = consoleLogger();
    const spy = vi.spyOn(console, "warn").mockImplementation(() => {});
    logger.warn({ a: 1 }, "text");
    expect(spy.mock.calls).toEqual([["text", { a: 1 }]]);
    spy.mockRestore();
  });

  test("wrong options are refused with the option's name", () => {
    const levels = "one of trace, debug, info, warn, error";
    expectThrows("RangeError", [
      [() => consoleLogger({ level: wrong("silent") }), "options.level", levels, '"silent"'],
    ]);
    const { debug, info, warn } = recordingConsole();
    expectThrows("TypeError", [
      [() => consoleLogger(wrong("info")), "options", "an object", '"info"'],
      [() => consoleLogger({ console: wrong(null) }), "options.console.debug", "a function", "undefined"],
      [
        () => consoleLogger({ console: wrong({ debug, info, warn }) }),
        "options.console.error",
        "a function",
        "undefined",
      ],
    ]);
  });
});
