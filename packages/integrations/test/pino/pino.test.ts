import { Cancellable, sleep, sleepForever, TimeoutCancellation } from "@hother/cancelable";
import { logOperations } from "@hother/cancelable/logging";
import { fastify } from "fastify";
import { type LoggerOptions, pino } from "pino";
import { describe, expect, test } from "vitest";
import { cancelable } from "../../src/fastify/index.ts";
import { operationFields, operationLogging } from "../../src/pino/index.ts";

type Line = Readonly<Record<string, unknown>> & { readonly err?: Readonly<Record<string, unknown>> };

/** A logger, and the lines that it has written. */
function create(options?: LoggerOptions) {
  const lines: Line[] = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const logger = pino(operationLogging({ base: null, timestamp: false, ...options }), stream);
  return { logger, lines, stream };
}

const info = 30;
const error = 50;

describe("a line about an error", () => {
  test("has the error under err, with class, message, stack, cause and reason (TEL-04)", async () => {
    const { logger, lines } = create();
    const parent = new Cancellable({ name: "request" });
    await parent.settle(async () => {
      const op = new Cancellable({ name: "query", id: "q1" });
      await op.settle(() => {
        parent.cancel("disconnect", "the client left");
        logger.warn({ err: op.error, rows: 7 }, "the query was cancelled");
      });
    });
    const [line] = lines;
    expect(line).toMatchObject({ msg: "the query was cancelled", rows: 7 });
    expect(line?.err).toMatchObject({
      type: "ParentCancellation",
      name: "AbortError",
      code: "ABORT_ERR",
      reason: "parent",
      parentReason: "disconnect",
      operation: { id: "q1", name: "query" },
      cause: {
        type: "CancellationError",
        reason: "disconnect",
        message: "the client left",
        operation: { id: parent.id, name: "request" },
        stack: expect.stringContaining("pino.test.ts"),
      },
    });
  });

  test.each(["err", "error", "reason"])(
    "has the error under %s too, which pino alone would lose (TEL-04)",
    (key) => {
      const { logger, lines } = create();
      const failure = new TypeError("broken", { cause: new Error("below") });
      logger.error({ [key]: failure });
      expect(lines[0]?.[key]).toMatchObject({
        type: "TypeError",
        message: "broken",
        stack: failure.stack,
        cause: { type: "Error", message: "below", stack: expect.stringContaining("below") },
      });
      logger.error({ [key]: "quota" });
      expect(lines[1]?.[key]).toBe("quota");
    },
  );

  test("has the errors of an AggregateError, and a key of the user's", () => {
    const { logger, lines } = create({ errorKey: "problem" });
    logger.error(new AggregateError([new Error("a"), new TimeoutCancellation("b")], "two"));
    expect(lines[0]?.problem).toMatchObject({
      type: "AggregateError",
      aggregateErrors: [{ message: "a" }, { message: "b", reason: "timeout" }],
    });
  });
});

describe("the level of a line", () => {
  const cancelled = async (reason?: string): Promise<unknown> => {
    const op = new Cancellable();
    return op
      .run(() => {
        op.cancel(reason);
        op.check();
      })
      .catch((thrown: unknown) => thrown);
  };

  test("is info for a cancellation that is logged as an error, however it is passed", async () => {
    const { logger, lines } = create();
    const thrown = await cancelled("quota");
    logger.error(thrown);
    logger.error(thrown, "with a message");
    logger.error({ err: thrown }, "under err: %d", 7);
    logger.error(new TypeError("fetch failed", { cause: thrown }));
    logger.child({ part: 1 }).error(thrown);
    expect(lines.map(({ level }) => level)).toEqual([info, info, info, info, info]);
    expect(lines[1]?.msg).toBe("with a message");
    expect(lines[2]?.msg).toBe("under err: 7");
    expect(lines[4]?.part).toBe(1);
  });

  test("stays for a failure, a time limit, the reason error, and the other levels", async () => {
    const { logger, lines } = create();
    logger.error(new Error("broken"));
    logger.error({ err: new Error("broken") });
    logger.error("only a text");
    logger.error(new AggregateError([await cancelled(), new Error("broken")]));
    logger.error(new TimeoutCancellation());
    logger.error(await cancelled("error"));
    expect(lines.map(({ level }) => level)).toEqual(Array(6).fill(error));
    logger.warn(await cancelled());
    logger.fatal(await cancelled());
    expect(lines.slice(6).map(({ level }) => level)).toEqual([40, 60]);
  });

  test("info can be switched off", async () => {
    const { logger, lines } = create({ level: "warn" });
    logger.error(await cancelled());
    expect(lines).toEqual([]);
  });

  test("stays where the user has no level info", async () => {
    const lines: Line[] = [];
    const logger = pino(
      operationLogging({ customLevels: { error: 50, loud: 55 }, useOnlyCustomLevels: true, level: "error" }),
      { write: (line: string) => void lines.push(JSON.parse(line)) },
    );
    logger.error(await cancelled());
    logger.loud("hello");
    expect(lines.map(({ level }) => level)).toEqual([50, 55]);
  });
});

describe("the operation of a line", () => {
  test("is the current one, after a wait and in a child logger too; outside there is none", async () => {
    const { logger, lines } = create();
    const outer = new Cancellable({ name: "outer" });
    logger.info("outside");
    const child = logger.child({ part: "a" });
    await outer.run(async () => {
      logger.info("outer");
      await new Cancellable({ id: "i1" }).run(async () => {
        await sleep(1);
        child.info("inner");
      });
    });
    expect(lines).toEqual([
      { level: info, msg: "outside" },
      { level: info, operationId: outer.id, operationName: "outer", msg: "outer" },
      { level: info, part: "a", operationId: "i1", parentId: outer.id, msg: "inner" },
    ]);
  });

  test("can be bound to a logger, for code in the handle form", async () => {
    const { logger, lines } = create();
    await using op = new Cancellable({ name: "handle" }).start();
    logger.child(operationFields(op)).info("bound");
    expect(lines[0]).toMatchObject({ operationId: op.id, operationName: "handle" });
    expect(operationFields()).toEqual({});
  });

  test("is the one that logOperations writes about", async () => {
    const { logger, lines } = create();
    const logging = logOperations(logger, { levels: { started: "silent", cancelled: "info" } });
    const op = new Cancellable({ name: "poll" });
    await op.settle(() => {
      op.cancel("shutdown");
      return sleepForever();
    });
    await new Cancellable({ name: "bad" }).settle(() => Promise.reject(new RangeError("broken")));
    logging[Symbol.dispose]();
    expect(lines.map(({ level, event, operationName }) => [level, event, operationName])).toEqual([
      [info, "operation.cancelling", "poll"],
      [info, "operation.cancelled", "poll"],
      [error, "operation.failed", "bad"],
    ]);
    expect(lines[2]?.err).toMatchObject({
      type: "RangeError",
      stack: expect.stringContaining("pino.test.ts"),
    });
  });
});

describe("operationLogging()", () => {
  test("keeps the mixin, the serializers and the hooks of the user", () => {
    const { logger, lines } = create({
      mixin: (_line, level) => ({ level2: level, operationName: "mine" }),
      serializers: { err: () => "hidden", user: ({ id }: { id: number }) => id },
      hooks: {
        logMethod(args, method, level) {
          if (level === info) method.apply(this, args);
        },
      },
    });
    logger.info({ err: new Error("x"), user: { id: 7 }, error: new Error("y") });
    logger.warn("dropped");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level2: info,
      operationName: "mine",
      err: "hidden",
      user: 7,
      error: { message: "y" },
    });
  });

  test("refuses wrong arguments", () => {
    const wrong = (value: unknown): never => value as never;
    expect(() => operationLogging(wrong("info"))).toThrow("options must be an object");
    expect(() => operationLogging({ mixin: wrong(1) })).toThrow("options.mixin must be a function");
    expect(() => operationLogging({ serializers: wrong([]) })).toThrow(
      "options.serializers must be an object",
    );
    expect(() => operationLogging({ hooks: { logMethod: wrong(1) } })).toThrow("options.hooks.logMethod");
    expect(() => operationLogging({ errorKey: wrong(1) })).toThrow("options.errorKey must be a string");
  });
});

describe("Fastify's logger", () => {
  test("names the operation of the request, and logs a cancellation with its cause at the level info", async () => {
    const { lines, stream } = create();
    const app = fastify({ logger: { ...operationLogging(), stream } });
    await app.register(cancelable);
    app.get("/stock/:id", async (request) => {
      request.log.warn("in the handler");
      const op = new Cancellable({ name: "query" });
      const outcome = await op.settle(() => {
        op.cancel("superseded");
        return sleepForever();
      });
      if (outcome.status === "cancelled") request.log.error(outcome.error, "no stock");
      throw new Error("broken");
    });
    expect((await app.inject("/stock/7")).statusCode).toBe(500);
    await app.close();
    const named = lines.filter(({ operationName }) => operationName === "GET /stock/:id");
    const handler = named.find(({ msg }) => msg === "in the handler");
    expect(handler).toMatchObject({ level: 40, reqId: "req-1", operationId: expect.any(String) });
    expect(named.find(({ msg }) => msg === "no stock")).toMatchObject({
      level: info,
      err: { reason: "superseded", operation: { name: "query" }, stack: expect.any(String) },
    });
    expect(lines.find(({ msg }) => msg === "broken")).toMatchObject({
      level: error,
      err: { type: "Error", stack: expect.stringContaining("pino.test.ts") },
    });
  });
});
