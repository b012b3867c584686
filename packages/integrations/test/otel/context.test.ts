import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  bind,
  Cancellable,
  cancellable,
  currentOperation,
  map,
  sleep,
  sleepForever,
  taskGroup,
} from "@hother/cancelable";
import { PiscinaPool, runInThread } from "@hother/cancelable/threads";
import { context, propagation, SpanKind, trace } from "@opentelemetry/api";
import { afterAll, describe, expect, test } from "vitest";
import { fetch } from "../../src/fetch/index.ts";
import { requestListener } from "../../src/node-http/index.ts";
import { spanOf, traceContext, traceOperations, withTraceContext } from "../../src/otel/index.ts";
import { useTracing } from "./sdk.ts";

const { exporter, tracer, named } = useTracing();
const register = traceOperations({ tracer });

/** The id of the span that is the parent of the span with this name. */
const parentOf = (name: string): string | undefined => named(name).parentSpanContext?.spanId;
const idOf = (name: string): string => named(name).spanContext().spanId;

describe("the span of an operation", () => {
  test("is the active span in its body, after a wait, in tasks, in map and in bound functions (TEL-03)", async () => {
    const seen: Record<string, string | undefined> = {};
    const look = (where: string) => {
      seen[where] = trace.getActiveSpan()?.spanContext().spanId;
    };
    let later = (): void => {};
    await new Cancellable({ name: "work", register }).run(async (op) => {
      look("body");
      await sleep(1);
      look("after a wait");
      later = bind(() => look("bound"));
      await taskGroup(async (group) => {
        group.startSoon(async () => {
          await sleep(1);
          look("task");
        });
      });
      await map([1], async () => look("map"));
      await op.shield(async () => look("shield"));
      setTimeout(later, 0);
      await sleep(5);
      expect(spanOf()).toBe(trace.getActiveSpan());
    });
    look("outside");
    const id = idOf("work");
    expect(seen).toEqual({
      body: id,
      "after a wait": id,
      task: id,
      map: id,
      shield: id,
      bound: id,
      outside: undefined,
    });
  });

  test("is the parent of the operations below, through operations without a span", async () => {
    const inner = cancellable({ name: "inner", register }, async () => {});
    await new Cancellable({ name: "outer", register }).run(() =>
      new Cancellable({ name: "between" }).run(() => inner()),
    );
    expect(parentOf("outer")).toBe(undefined);
    expect(parentOf("inner")).toBe(idOf("outer"));
    expect(named("inner").spanContext().traceId).toBe(named("outer").spanContext().traceId);
  });

  test("is below the user's own span, if that one is inside of the operation", async () => {
    await new Cancellable({ name: "outer", register }).run(() =>
      tracer.startActiveSpan("own", async (span) => {
        await new Cancellable({ name: "inner", register }).run(() => {});
        span.end();
      }),
    );
    expect(parentOf("own")).toBe(idOf("outer"));
    expect(parentOf("inner")).toBe(idOf("own"));
  });

  test("belongs to the parent that was given, also when another operation calls", async () => {
    const owner = new Cancellable({ name: "owner", register });
    const ending = owner.settle(() => sleepForever());
    await new Cancellable({ name: "caller", register }).run(() =>
      new Cancellable({ name: "given", register, parent: owner }).run(() => {}),
    );
    owner.cancel();
    await ending;
    expect(parentOf("given")).toBe(idOf("owner"));
  });

  test("is the parent of operations below a handle, in which no span is active", async () => {
    {
      await using handle = new Cancellable({ name: "handle", register }).start();
      await new Cancellable({ name: "below", register, parent: handle }).run(() => {});
      expect(traceContext(handle).traceparent).toContain(handle.context.metadata.traceparent);
    }
    expect(parentOf("below")).toBe(idOf("handle"));
  });
});

describe("traceContext() and withTraceContext()", () => {
  test("carry the context as plain data, such as the data of a job (TEL-03)", async () => {
    let data = "";
    await new Cancellable({ name: "enqueue", register }).run(() => {
      data = JSON.stringify({ image: 7, trace: traceContext() });
    });
    const job = JSON.parse(data) as { trace: Record<string, string> };
    expect(job.trace.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    await withTraceContext(job.trace, () =>
      new Cancellable({ name: "process", register }).run(() => sleep(1)),
    );
    expect(parentOf("process")).toBe(idOf("enqueue"));
    expect(named("process").parentSpanContext?.isRemote).toBe(true);
  });

  test("an operation with a trace context in its metadata continues that trace", async () => {
    let trace: Record<string, string> = {};
    await new Cancellable({ name: "send", register }).run(() => {
      trace = traceContext();
    });
    await new Cancellable({ name: "receive", register, metadata: { ...trace, shop: 4 } }).run((op) => {
      expect(op.context.metadata).toEqual({ shop: 4, ...traceContext() });
    });
    expect(parentOf("receive")).toBe(idOf("send"));
  });

  test("work without a carrier, with a wrong trace context, and outside of everything", async () => {
    expect(traceContext()).toEqual({});
    for (const carrier of [undefined, null, {}, { traceparent: "broken" }, { traceparent: 7 }])
      expect(withTraceContext(carrier, () => traceContext())).toEqual({});
    await new Cancellable({ name: "broken", register, metadata: { traceparent: "broken" } }).run(() => {});
    expect(parentOf("broken")).toBe(undefined);
  });

  test("refuse wrong arguments", () => {
    const wrong = (value: unknown): never => value as never;
    expect(() => withTraceContext(wrong("00-1"), () => {})).toThrow("carrier must be an object");
    expect(() => withTraceContext({}, wrong(undefined))).toThrow("fn must be a function");
  });
});

describe("in a thread", () => {
  const pool = new PiscinaPool({ threads: 1 });
  afterAll(() => pool.close());
  const work = { module: new URL("../../../../examples/trace/thread-work.mjs", import.meta.url) };

  test("the metadata of the call has its trace context (TEL-03)", async () => {
    const result = (await runInThread(work, [], { pool, name: "hash", register })) as Record<string, string>;
    const { traceId, spanId } = named("hash").spanContext();
    expect(result.call).toBe(`00-${traceId}-${spanId}-01`);
    expect(result.own?.split("-")[1]).toBe(traceId);
    expect(result.own).not.toBe(result.call);
  });

  test("a call without a span takes the context of its caller: metadata: traceContext() (TEL-03)", async () => {
    const result = await new Cancellable({ name: "caller", register }).run(
      () =>
        runInThread(work, [], { pool, metadata: traceContext() }) as unknown as Promise<
          Record<string, string>
        >,
    );
    expect(result.call?.split("-")[2]).toBe(idOf("caller"));
    expect(result.own?.split("-")[1]).toBe(named("caller").spanContext().traceId);
  });
});

describe("over HTTP", () => {
  test("a server makes a span for each request, which continues the trace of the client", async () => {
    const server = createServer(
      requestListener(
        async (_request, response) => {
          await sleep(1);
          expect(currentOperation()?.name).toBe("GET (no route)");
          response.end(trace.getActiveSpan()?.spanContext().spanId);
        },
        {
          register: traceOperations({ tracer, kind: SpanKind.SERVER }),
          metadata: ({ headers: { traceparent } }) => ({ traceparent }),
        },
      ),
    ).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo; // it listens on a port
    const answer = await new Cancellable({ name: "client", register }).run(async () => {
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers: traceContext() });
      return response.text();
    });
    server.close();
    await expect.poll(() => exporter.getFinishedSpans().length).toBe(2);
    expect(answer).toBe(idOf("GET (no route)"));
    expect(parentOf("GET (no route)")).toBe(idOf("client"));
    expect(named("GET (no route)").kind).toBe(SpanKind.SERVER);
  });
});

test("without a context manager and a propagator, operations still have spans with their parents", async () => {
  context.disable();
  propagation.disable();
  await new Cancellable({ name: "outer", register }).run(async () => {
    await new Cancellable({ name: "inner", register }).run(() => sleep(1));
    expect(traceContext()).toEqual({});
  });
  expect(parentOf("inner")).toBe(idOf("outer"));
});
