import {
  Cancellable,
  CancellationToken,
  cancellableStream,
  failAfter,
  moveOnAfter,
  OperationRegistry,
  sleep,
  sleepForever,
  TimeoutCancellation,
} from "@hother/cancelable";
import { withVirtual } from "@hother/cancelable/testing";
import { SpanKind, trace } from "@opentelemetry/api";
import { AlwaysOffSampler, BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { describe, expect, test as plain } from "vitest";
import { spanOf, traceContext, traceOperations } from "../../src/otel/index.ts";
import { statusOf, useTracing } from "./sdk.ts";

const test = withVirtual(plain);
const { exporter, tracer, named } = useTracing();
const register = traceOperations({ tracer });

/** Cancels an operation when its body waits. Returns its span. */
async function cancelled(op: Cancellable, cancel: () => void) {
  const ending = op.settle(() => {
    queueMicrotask(cancel);
    return sleepForever();
  });
  expect((await ending).status).toBe("cancelled");
  return named(op.name ?? "operation");
}

describe("the status of a span", () => {
  test("is unset for a cancellation, with an event that has its reason and its origin, and no error.type (TEL-01)", async () => {
    const op = new Cancellable({ name: "report", register });
    const span = await cancelled(op, () => op.cancel("quota", "too many reports"));
    expect(statusOf(span)).toEqual({ status: "UNSET", errorType: undefined });
    expect(span.attributes).toEqual({
      "cancelable.operation.id": op.id,
      "cancelable.operation.status": "cancelled",
      "cancelable.cancel.reason": "quota",
      "cancelable.cancel.origin.reason": "quota",
    });
    expect(span.events.map(({ name, attributes }) => ({ name, attributes }))).toEqual([
      {
        name: "cancelable.cancellation",
        attributes: {
          "cancelable.cancel.reason": "quota",
          "cancelable.cancel.message": "too many reports",
          "cancelable.cancel.by": "cancel",
          "cancelable.cancel.origin.reason": "quota",
          "cancelable.cancel.origin.message": "too many reports",
          "cancelable.cancel.origin.operation.id": op.id,
          "cancelable.cancel.origin.operation.name": "report",
        },
      },
    ]);
  });

  test("is error for a failure, with the class of the error and the error itself as an event (TEL-01)", async () => {
    class DiskFull extends Error {}
    const error = new DiskFull("no space left", { cause: new Error("ENOSPC") });
    await new Cancellable({ name: "write", register }).settle(() => Promise.reject(error));
    const span = named("write");
    expect(span.status).toEqual({ code: 2, message: "no space left" });
    expect(span.attributes).toMatchObject({
      "error.type": "DiskFull",
      "cancelable.operation.status": "failed",
    });
    expect(span.events.map(({ name }) => name)).toEqual(["exception"]);
    expect(span.events[0]?.attributes).toMatchObject({
      "exception.message": "no space left",
      "exception.stacktrace": error.stack,
    });
  });

  test.each([
    ["a text", "broken", "_OTHER", "broken"],
    ["nothing", undefined, "_OTHER", "undefined"],
    ["an error with a name", Object.assign(new Error("x"), { name: "LockError" }), "LockError", "x"],
    ["an error of the platform", new TypeError("y"), "TypeError", "y"],
  ])("names the error.type of %s", async (_title, thrown, type, message) => {
    await new Cancellable({ name: "failing", register }).settle(() => Promise.reject(thrown));
    const span = named("failing");
    expect(span.attributes["error.type"]).toBe(type);
    expect(span.status.message).toBe(message);
    expect(span.events[0]?.attributes?.["exception.message"]).toBe(message);
  });

  test("is error with the type timeout when the own limit of the operation has passed: no caller asked for this end", async () => {
    await Cancellable.withTimeout(5, { name: "slow", register }).settle(() => sleepForever());
    const span = named("slow");
    expect(statusOf(span)).toEqual({ status: "ERROR", errorType: "timeout" });
    expect(span.status.message).toBe('operation "slow" timed out after 5 ms');
    expect(span.events[0]?.attributes).toMatchObject({
      "cancelable.cancel.reason": "timeout",
      "cancelable.cancel.by": "timeout",
    });
    expect(span.events).toHaveLength(1); // no exception
  });

  test.each([
    ["moveOnAfter", moveOnAfter],
    ["failAfter", failAfter],
  ])("is unset when a limit of the caller has passed: %s", async (_name, limit) => {
    const op = new Cancellable({ name: "inner", register });
    await limit(5, () => op.run(() => sleepForever())).catch(() => {});
    const span = named("inner");
    expect(statusOf(span)).toEqual({ status: "UNSET", errorType: undefined });
    expect(span.attributes).toMatchObject({
      "cancelable.cancel.reason": "parent",
      "cancelable.cancel.origin.reason": "timeout",
    });
  });

  test("is error for a timeout that the body throws itself", async () => {
    const op = new Cancellable({ name: "own", register });
    await op.settle(() => Promise.reject(new TimeoutCancellation("too slow")));
    expect(statusOf(named("own"))).toEqual({ status: "ERROR", errorType: "timeout" });
  });

  test("is unset for an operation that completed although it was cancelled, and the event says that", async () => {
    const op = new Cancellable({ name: "late", register });
    expect(await op.run(() => op.cancel("shutdown"))).toBe(true);
    const span = named("late");
    expect(statusOf(span).status).toBe("UNSET");
    expect(span.attributes["cancelable.operation.status"]).toBe("completed");
    expect(span.attributes["cancelable.cancel.reason"]).toBe(undefined);
    expect(span.events.map(({ name }) => name)).toEqual(["cancelable.cancellation"]);
  });

  test("is error for an operation that failed while it was cancelled, with both events", async () => {
    const op = new Cancellable({ name: "messy", register });
    await op.settle(() => {
      op.cancel();
      throw new RangeError("clean-up failed");
    });
    const span = named("messy");
    expect(statusOf(span)).toEqual({ status: "ERROR", errorType: "RangeError" });
    expect(span.events.map(({ name }) => name)).toEqual(["cancelable.cancellation", "exception"]);
  });
});

describe("the origin of a cancellation", () => {
  test.virtual(
    "is the operation far above in which it began, with the source that fired there (TEL-01)",
    async () => {
      const root = Cancellable.withTimeout(5, { name: "request" });
      await root.settle(() =>
        new Cancellable({ name: "load" }).run(() =>
          new Cancellable({ name: "query", register }).run(() => sleepForever()),
        ),
      );
      expect(named("query").events[0]?.attributes).toMatchObject({
        "cancelable.cancel.reason": "parent",
        "cancelable.cancel.by": "parent",
        "cancelable.cancel.origin.reason": "timeout",
        "cancelable.cancel.origin.by": "timeout",
        "cancelable.cancel.origin.operation.id": root.id,
        "cancelable.cancel.origin.operation.name": "request",
      });
    },
  );

  test("is the token, with its reason and message", async () => {
    const token = new CancellationToken();
    const span = await cancelled(Cancellable.withToken(token, { name: "follower", register }), () =>
      token.cancel("disconnect", "the client left"),
    );
    const { attributes } = span.events[0] ?? {};
    expect(attributes).toMatchObject({
      "cancelable.cancel.reason": "disconnect",
      "cancelable.cancel.by": "token",
      "cancelable.cancel.origin.reason": "disconnect",
      "cancelable.cancel.origin.message": "the client left",
    });
    expect(attributes).not.toHaveProperty("cancelable.cancel.origin.operation.id");
  });

  test("is the reason of a foreign signal, or the error that led to the cancellation", async () => {
    const controller = new AbortController();
    const span = await cancelled(
      Cancellable.withAbortSignal(controller.signal, { name: "signalled", register }),
      () => controller.abort(new Error("tab closed")),
    );
    expect(span.events[0]?.attributes?.["cancelable.cancel.cause"]).toBe("Error: tab closed");

    const op = new Cancellable({ name: "caused", register });
    const other = await cancelled(op, () => op.cancel("error", "a sibling failed", { cause: "disk" }));
    expect(other.events[0]?.attributes?.["cancelable.cancel.cause"]).toBe("disk");
  });

  test("is linked: the span of the code that called cancel(), in another context (TEL-02)", async () => {
    const op = new Cancellable({ name: "victim", register });
    const ending = op.settle(() => sleepForever());
    await new Cancellable({ name: "supervisor", register }).run(async () => {
      await sleep(1);
      op.cancel("superseded");
    });
    await ending;
    const victim = named("victim");
    const supervisor = named("supervisor");
    expect(victim.spanContext().traceId).not.toBe(supervisor.spanContext().traceId);
    expect(victim.links.map((link) => link.context.spanId)).toEqual([supervisor.spanContext().spanId]);
    expect(victim.events.map(({ name }) => name)).toEqual(["cancelable.cancellation"]);
    // The event is in the span of the cancelled operation only.
    expect(supervisor.events).toEqual([]);
  });
});

describe("the event of a cancellation", () => {
  test("comes before the end of the span, also when the body ends in the same turn (TEL-02)", async () => {
    const op = new Cancellable({ name: "quick", register });
    await op.settle(async () => {
      await Promise.resolve();
      op.cancel();
      op.check();
    });
    const span = named("quick");
    const [event] = span.events;
    expect(event?.name).toBe("cancelable.cancellation");
    expect(nanoseconds(event?.time ?? [0, 0])).toBeLessThanOrEqual(nanoseconds(span.endTime));
    expect(nanoseconds(event?.time ?? [0, 0])).toBeGreaterThanOrEqual(nanoseconds(span.startTime));
  });

  test("is in the span of an operation that was cancelled before its start, whose body does not run", async () => {
    const op = new Cancellable({ name: "never", register });
    op.cancel("quota");
    await op.settle(() => expect.unreachable());
    const span = named("never");
    expect(span.events.map(({ name }) => name)).toEqual(["cancelable.cancellation"]);
    expect(statusOf(span).status).toBe("UNSET");
  });

  test("is in the spans of all operations below, each one once", async () => {
    const root = new Cancellable({ name: "root", register });
    const ending = root.settle(async () => {
      const below = ["a", "b"].map((name) =>
        new Cancellable({ name, register }).settle(() => sleepForever()),
      );
      await Promise.all(below);
    });
    root.cancel("shutdown");
    await ending;
    for (const name of ["root", "a", "b"]) expect(named(name).events).toHaveLength(1);
    expect(named("a").events[0]?.attributes?.["cancelable.cancel.origin.operation.name"]).toBe("root");
  });
});

describe("traceOperations()", () => {
  test("makes no span for an operation that does not ask for one", async () => {
    await new Cancellable({ name: "silent" }).run(() => sleep(1));
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  test("makes a span of the given kind, and names one of an operation without a name", async () => {
    const server = traceOperations({ tracer, kind: SpanKind.SERVER });
    await new Cancellable({ register: server }).run(() => {});
    expect(named("operation").kind).toBe(SpanKind.SERVER);
  });

  test("works together with a registry", async () => {
    const registry = new OperationRegistry();
    using _all = registry.registerAll();
    await new Cancellable({ name: "both", register }).run(() => {});
    expect(registry.history().map(({ name }) => name)).toEqual(["both"]);
    expect(named("both").attributes["cancelable.operation.status"]).toBe("completed");
  });

  test("gives the span of an operation: spanOf", async () => {
    const op = new Cancellable({ name: "handle", register });
    expect(spanOf(op)).toBe(undefined);
    {
      await using handle = op.start();
      spanOf(handle)?.setAttribute("rows", 3);
      expect(trace.getActiveSpan()).toBe(undefined); // the handle form has no ambient operation
    }
    expect(named("handle").attributes.rows).toBe(3);
  });

  test("makes a span for a stream, which ends with the reading", async () => {
    const numbers = async function* () {
      yield* [1, 2, 3];
    };
    for await (const _ of cancellableStream(numbers(), { name: "all", register }));
    expect(named("all").attributes["cancelable.operation.status"]).toBe("completed");
    const op = new Cancellable({ name: "reader", register });
    await op.settle(async () => {
      for await (const n of cancellableStream(numbers(), { name: "some", register }))
        if (n === 2) op.cancel("quota");
    });
    const some = named("some");
    expect(some.parentSpanContext?.spanId).toBe(named("reader").spanContext().spanId);
    expect(some.events.map(({ name }) => name)).toEqual(["cancelable.cancellation"]);
    expect(statusOf(some).status).toBe("UNSET");
  });

  test("passes the context of a trace that is not sampled on, and counts its operations", async () => {
    const unsampled = new BasicTracerProvider({ sampler: new AlwaysOffSampler() }).getTracer("test");
    const op = new Cancellable({ name: "quiet", register: traceOperations({ tracer: unsampled }) });
    const outcome = await op.settle(() => {
      expect(traceContext().traceparent).toMatch(/-00$/);
      op.cancel();
      op.check();
    });
    expect(outcome.status).toBe("cancelled");
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  test("refuses wrong options", () => {
    const wrong = (value: unknown): never => value as never;
    expect(() => traceOperations(wrong(1))).toThrow("options must be an object; got 1");
    expect(() => traceOperations(wrong({ trace: tracer }))).toThrow("did you mean tracer?");
    expect(() => traceOperations({ tracer: wrong({}) })).toThrow("options.tracer must be a tracer");
    expect(() => traceOperations({ meter: wrong(null) })).toThrow("options.meter must be a meter");
    expect(() => traceOperations({ kind: wrong("server") })).toThrow("options.kind must be a SpanKind");
  });
});

function nanoseconds([seconds, rest]: readonly [number, number]): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(rest);
}
