import { channel } from "node:diagnostics_channel";
import { expect, test, vi } from "vitest";
import { Cancellable, currentOperation, sleep, sleepForever } from "../../src/index.ts";
import {
  type LoggedEvent,
  type LogLevel,
  type LogOptions,
  logOperations,
  type OperationLogger,
} from "../../src/logging/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectThrows, wrong } from "../refusals.ts";

interface Line {
  readonly level: LogLevel;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

/** A logger like pino's, whose methods need their `this`. */
class Recorder implements OperationLogger {
  readonly lines: Line[] = [];
  #write(level: LogLevel, fields: Record<string, unknown>, message: string): void {
    this.lines.push({ level, fields, message });
  }
  debug(fields: Record<string, unknown>, message: string): void {
    this.#write("debug", fields, message);
  }
  info(fields: Record<string, unknown>, message: string): void {
    this.#write("info", fields, message);
  }
  warn(fields: Record<string, unknown>, message: string): void {
    this.#write("warn", fields, message);
  }
  error(fields: Record<string, unknown>, message: string): void {
    this.#write("error", fields, message);
  }
}

/** The log entries that are written while `body` runs and in the turn after it. */
async function logged(body: () => unknown, options?: LogOptions): Promise<Line[]> {
  const recorder = new Recorder();
  const logging = logOperations(recorder, options);
  try {
    await body();
    await sleep(0);
  } finally {
    logging[Symbol.dispose]();
  }
  return recorder.lines;
}

const only = (...events: LoggedEvent[]): LogOptions => ({ filter: (_, event) => events.includes(event) });

describeEverywhere("logOperations", (everywhere) => {
  everywhere("a line about a timeout names the operation once", async () => {
    const lines = await logged(
      () => Cancellable.withTimeout(1, { name: "import" }).settle(() => sleepForever()),
      only("cancelling"),
    );
    expect(lines.map(({ message }) => message)).toEqual([
      'operation "import" is being cancelled: timeout, "timed out after 1 ms"',
    ]);
  });

  everywhere("start, progress and end are written with ids, names and durations as fields", async () => {
    const lines = await logged(() =>
      new Cancellable({ name: "outer", id: "outer-id" }).run(() =>
        new Cancellable({ name: "import", id: "id-1", metadata: { secret: 1 } }).run((op) =>
          op.reportProgress({ current: 1, total: 2 }),
        ),
      ),
    );
    expect(lines.map(({ level, message }) => `${level} ${message.replace(/ after .*/, "")}`)).toEqual([
      'debug operation "outer" started',
      'debug operation "import" started',
      'debug operation "import" reported {"current":1,"total":2}',
      'info operation "import" completed',
      'info operation "outer" completed',
    ]);
    const common = { operationId: "id-1", operationName: "import", parentId: "outer-id" };
    expect(lines[1]?.fields).toEqual({ ...common, event: "operation.started", status: "running" });
    expect(lines[2]?.fields).toMatchObject({
      event: "operation.progress",
      progress: { current: 1, total: 2 },
    });
    expect(lines[3]?.fields).toEqual({
      ...common,
      event: "operation.completed",
      status: "completed",
      durationMs: expect.any(Number),
    });
  });

  everywhere("a cancellation before the start is written when the operation starts", async () => {
    const lines = await logged(async () => {
      const op = new Cancellable({ name: "import" });
      op.cancel("shutdown", "no");
      await op.settle(() => {});
    });
    expect(lines.map(({ fields }) => fields.event)).toEqual([
      "operation.started",
      "operation.cancelling",
      "operation.cancelled",
    ]);
    expect(lines[1]?.message).toBe('operation "import" is being cancelled: shutdown, "no"');
    expect(lines[1]?.fields).not.toHaveProperty("durationMs");
  });

  everywhere("unknown events are left out, because a later version may publish more", async () => {
    const lines = await logged(() =>
      new Cancellable({ name: "import" }).run((op) => {
        const operation = op.context.toJSON();
        channel("cancelable:operation").publish({ type: "paused", operation });
        channel("cancelable:operation").publish({ type: "ended", operation });
      }),
    );
    expect(lines.map(({ fields }) => fields.event)).toEqual(["operation.started", "operation.completed"]);
  });

  everywhere("the reason of a cancellation is written at the request and at the end", async () => {
    const lines = await logged(() =>
      new Cancellable({ name: "import" }).settle(async (op) => {
        op.cancel("shutdown", "going down");
        await sleepForever();
      }),
    );
    const reasons = { cancelReason: "shutdown", cancelMessage: "going down" };
    expect(lines.slice(1)).toMatchObject([
      {
        level: "info",
        message: 'operation "import" is being cancelled: shutdown, "going down"',
        fields: { event: "operation.cancelling", ...reasons },
      },
      { level: "warn", fields: { event: "operation.cancelled", status: "cancelled", ...reasons } },
    ]);
    expect(lines[2]?.message).toMatch(/^operation "import" was cancelled after .*: shutdown, "going down"$/);
  });

  everywhere("a failure is written at level error, and nameless operations are called by id", async () => {
    const failure = new Error("two\nlines");
    const [line] = await logged(
      () => new Cancellable({ id: "id-1" }).settle(() => Promise.reject(failure)),
      only("failed"),
    );
    expect(line).toMatchObject({ level: "error", fields: { status: "failed" } });
    expect(line?.fields.err).toBe(failure);
    const duration = line?.fields.durationMs as number;
    expect(duration).toBe(Number(duration.toFixed(3)));
    expect(line?.message).toMatch(/^operation id-1 failed after .*: "two\\nlines"$/);
  });

  everywhere("a request to cancel is written before the end that it leads to", async () => {
    const lines = await logged(() => Cancellable.withTimeout(0).settle(() => {}));
    expect(lines.map(({ fields }) => fields.event)).toEqual([
      "operation.started",
      "operation.cancelling",
      "operation.cancelled",
    ]);
  });

  everywhere("the level can be chosen for each kind of event, silent is one", async () => {
    const levels = { started: "info", progress: "silent", cancelling: "silent", cancelled: "error" } as const;
    const lines = await logged(
      () =>
        Cancellable.withTimeout(0).settle(() => {
          throw new Error("never run");
        }),
      { levels },
    );
    expect(lines.map(({ level, fields }) => [level, fields.event])).toEqual([
      ["info", "operation.started"],
      ["error", "operation.cancelled"],
    ]);
  });

  everywhere("metadata is written on request only, and a filter leaves operations out", async () => {
    const work = async (): Promise<void> => {
      for (const name of ["mine", "other"])
        await new Cancellable({ name, metadata: { user: 7 } }).run(() => {});
    };
    const options: LogOptions = { metadata: true, filter: ({ name }) => name === "mine" };
    for (const { fields } of await logged(work, options)) {
      expect(fields).toMatchObject({ operationName: "mine", metadata: { user: 7 } });
    }
    for (const { fields } of await logged(work)) expect(fields).not.toHaveProperty("metadata");
  });

  everywhere(
    "nothing is written before the call, after the disposal, or without a call (PAR-LOG-02)",
    async () => {
      const methods = ["debug", "info", "warn", "error", "log"] as const;
      const spies = methods.map((name) => vi.spyOn(console, name).mockImplementation(() => {}));
      const recorder = new Recorder();
      try {
        await Cancellable.withTimeout(1).settle(() => sleepForever());
        const logging = logOperations(recorder);
        logging[Symbol.dispose]();
        logging[Symbol.dispose]();
        await new Cancellable().settle(() => Promise.reject(new Error("failed")));
        expect(spies.map((spy) => spy.mock.calls)).toEqual([[], [], [], [], []]);
        expect(recorder.lines).toEqual([]);
      } finally {
        for (const spy of spies) spy.mockRestore();
      }
    },
  );

  everywhere("two subscriptions are independent, also with the same logger", async () => {
    const recorder = new Recorder();
    const first = logOperations(recorder, only("completed"));
    const second = logOperations(recorder, only("completed"));
    await new Cancellable().run(() => {});
    first[Symbol.dispose]();
    await new Cancellable().run(() => {});
    second[Symbol.dispose]();
    expect(recorder.lines).toHaveLength(3);
  });

  everywhere("a logger that throws is reported and affects no operation", async (t) => {
    const error = new Error("disk full");
    const broken = (): never => {
      throw error;
    };
    const logging = logOperations({ debug: broken, info: broken, warn: broken, error: broken });
    expect(await new Cancellable().run(() => "value")).toBe("value");
    logging[Symbol.dispose]();
    expect(t.reported.splice(0)).toEqual([error, error]);
  });

  everywhere("operations that the logger itself runs are not logged", async () => {
    const messages: string[] = [];
    const writes: Promise<void>[] = [];
    const write = (_: unknown, message: string): void => {
      messages.push(message);
      writes.push(new Cancellable({ name: "write", parent: null }).run((op) => op.sleep(1)));
    };
    const logging = logOperations({ debug: write, info: write, warn: write, error: write });
    await new Cancellable({ name: "work", parent: null }).run(() => currentOperation()?.name);
    await Promise.all(writes);
    logging[Symbol.dispose]();
    expect(messages.map((message) => message.split(" ")[1])).toEqual(['"work"', '"work"']);
  });
});

test("wrong arguments are refused, and nothing is subscribed", () => {
  const recorder = new Recorder();
  const log = (options: unknown) => () => logOperations(recorder, wrong(options));
  expectThrows("TypeError", [
    [() => logOperations(wrong(undefined)), "logger", "a logger with pino's methods", "undefined"],
    [() => logOperations({ info() {}, warn() {}, error() {} }), "logger.debug", "a function", "undefined"],
    [
      () => logOperations(recorder, { levels: { started: "trace" } }),
      "logger.trace",
      "a function",
      "undefined",
    ],
    [log("info"), "options", "an object", '"info"'],
    [log({ levels: "info" }), "options.levels", "an object", '"info"'],
    [log({ metadata: "all" }), "options.metadata", "true or false", '"all"'],
    [log({ filter: "mine" }), "options.filter", "a function", '"mine"'],
  ]);
  const events = "started, progress, cancelling, completed, cancelled, failed";
  expectThrows("RangeError", [
    [log({ levels: { end: "info" } }), "options.levels", `an object with the keys ${events}`, '"end"'],
    [
      log({ levels: { started: "loud" } }),
      "options.levels.started",
      "one of trace, debug, info, warn, error, silent",
      '"loud"',
    ],
  ]);
});
