import { Cancellable } from "@hother/cancelable";
import { Redis } from "ioredis";
import { afterAll, describe, expect, test } from "vitest";
import { traceContext, traceOperations, withTraceContext } from "../../src/otel/index.ts";
import { startRedis } from "../servers/redis.ts";
import { useTracing } from "./sdk.ts";

const server = await startRedis();
afterAll(() => server?.stop());
const { tracer, named } = useTracing();
const register = traceOperations({ tracer });

describe.skipIf(server === undefined)("over Redis", () => {
  const { url = "" } = server ?? {};

  test("the trace context goes with the data of a job (TEL-03)", async () => {
    const [producer, worker] = [new Redis(url), new Redis(url)];
    try {
      // The worker waits before there is a trace, in the context of its own loop.
      const working = worker.blpop("jobs", 0).then((taken) => {
        const job = JSON.parse(taken?.[1] ?? "") as { id: number; trace: Record<string, string> };
        return withTraceContext(job.trace, () =>
          new Cancellable({ name: "send invoice", register }).run(async () => {
            await worker.set("done", job.id);
            return new Cancellable({ name: "render", register }).run(() => job.id);
          }),
        );
      });
      await new Cancellable({ name: "order", register }).run(async () => {
        await producer.rpush("jobs", JSON.stringify({ id: 7, trace: traceContext() }));
      });
      expect(await working).toBe(7);
    } finally {
      producer.disconnect();
      worker.disconnect();
    }
    const [order, invoice, render] = ["order", "send invoice", "render"].map(named);
    expect(invoice?.parentSpanContext).toMatchObject({ spanId: order?.spanContext().spanId, isRemote: true });
    expect(render?.parentSpanContext?.spanId).toBe(invoice?.spanContext().spanId);
    expect(new Set([order, invoice, render].map((span) => span?.spanContext().traceId)).size).toBe(1);
  });
});
