import { describe, expect, test, vi } from "vitest";
import { Cancellable } from "../../src/index.ts";
import { consoleLogger, getLogger, logOperations, logTo } from "../../src/logging/index.ts";
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

describe("getLogger and logTo", () => {
  test("a name has one logger, and there is a default logger (PAR-LOG-01)", () => {
    expect(getLogger()).toBe(getLogger("cancelable"));
    expect(getLogger("a")).toBe(getLogger("a"));
    expect(getLogger("a")).not.toBe(getLogger("b"));
    expect(getLogger("a.b").name).toBe("a.b");
  });

  test("names form a hierarchy: a child is the logger of its full name (PAR-LOG-01)", () => {
    expect(getLogger("a").child("b").child("c")).toBe(getLogger("a.b.c"));
    expect(getLogger("a").child("b.c")).toBe(getLogger("a.b.c"));
  });

  test("loggers are silent until a target is set, and again after its disposal (PAR-LOG-02)", () => {
    const info = vi.fn();
    const log = getLogger("quiet");
    log.info({}, "before");
    const logging = logTo({ info });
    log.info({ n: 1 }, "during");
    log.error({}, "the target has no such method");
    logging[Symbol.dispose]();
    logging[Symbol.dispose]();
    log.info({}, "after");
    expect(info.mock.calls).toEqual([[{ logger: "quiet", n: 1 }, "during"]]);
  });

  test("the nearest target above a name is used, and of several the latest (PAR-LOG-01)", () => {
    const heard: string[] = [];
    const target = (name: string) => ({
      info: (fields: Record<string, unknown>) => void heard.push(`${name}: ${fields.logger}`),
    });
    const all = logTo(target("all"));
    const shop = logTo(target("shop"), "shop");
    const orders = logTo(target("orders"), "shop.orders");
    const later = logTo(target("later"), "shop.orders");
    const write = (): string[] => {
      for (const name of ["shop.orders.eu", "shop.ordersx", "shop", "other"]) getLogger(name).info({}, "");
      return heard.splice(0);
    };
    expect(write()).toEqual(["later: shop.orders.eu", "shop: shop.ordersx", "shop: shop", "all: other"]);
    later[Symbol.dispose]();
    expect(write()[0]).toBe("orders: shop.orders.eu");
    for (const one of [orders, shop]) one[Symbol.dispose]();
    expect(write()).toEqual(["all: shop.orders.eu", "all: shop.ordersx", "all: shop", "all: other"]);
    all[Symbol.dispose]();
    expect(write()).toEqual([]);
  });

  test("operations can be logged under a name (PAR-LOG-01)", async () => {
    const info = vi.fn();
    const logging = [logTo({ info }, "jobs"), logOperations(getLogger("jobs.nightly"))];
    await new Cancellable({ name: "import" }).run(() => {});
    for (const one of logging) one[Symbol.dispose]();
    expect(info).toHaveBeenCalledOnce();
    expect(info.mock.calls[0]?.[0]).toMatchObject({ logger: "jobs.nightly", operationName: "import" });
  });

  test("wrong names and targets are refused", () => {
    const names = "a name, or names separated by dots";
    expectThrows("TypeError", [
      [() => getLogger(wrong(7)), "name", "a string", "7"],
      [() => logTo(wrong("console")), "logger", "a logger with the methods of pino's", '"console"'],
      [() => logTo({ info: wrong(7) }), "logger.info", "a function", "7"],
      [() => logTo({}, wrong(7)), "name", "a string", "7"],
    ]);
    expectThrows("RangeError", [
      [() => getLogger(""), "name", names, '""'],
      [() => getLogger("a..b"), "name", names, '"a..b"'],
      [() => getLogger("a").child(".b"), "name", names, '".b"'],
      [() => logTo({}, "a."), "name", names, '"a."'],
    ]);
  });
});
