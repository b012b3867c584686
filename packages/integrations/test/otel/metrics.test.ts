import { Cancellable, sleepForever } from "@hother/cancelable";
import { expect, test } from "vitest";
import { traceOperations } from "../../src/otel/index.ts";
import { useMetrics, useTracing } from "./sdk.ts";

const { tracer } = useTracing();
const { meter, points } = useMetrics();
const register = traceOperations({ tracer, meter });

test("metrics count the running operations, and the ended ones by status and reason", async () => {
  const ops = ["a", "a", "b"].map((name) => new Cancellable({ name, register }));
  const endings = ops.map((op) => op.settle(() => sleepForever()));
  expect(await points("cancelable.operation.active")).toEqual([
    { attributes: { "cancelable.operation.name": "a" }, value: 2 },
    { attributes: { "cancelable.operation.name": "b" }, value: 1 },
  ]);
  ops[0]?.cancel("quota");
  ops[1]?.cancel("quota");
  ops[2]?.cancel("shutdown");
  await Promise.all(endings);
  await new Cancellable({ name: "b", register }).run(() => {});
  await new Cancellable({ name: "b", register }).settle(() => Promise.reject(new TypeError("broken")));
  await Cancellable.withTimeout(0, { name: "b", register }).settle(() => sleepForever());

  expect((await points("cancelable.operation.active")).map(({ value }) => value)).toEqual([0, 0]);
  const ended = await points("cancelable.operation.ended");
  expect(
    ended.map(({ attributes, value }) => ({
      name: attributes["cancelable.operation.name"],
      status: attributes["cancelable.operation.status"],
      reason: attributes["cancelable.cancel.reason"],
      type: attributes["error.type"],
      value,
    })),
  ).toEqual([
    { name: "a", status: "cancelled", reason: "quota", type: undefined, value: 2 },
    { name: "b", status: "cancelled", reason: "shutdown", type: undefined, value: 1 },
    { name: "b", status: "completed", reason: undefined, type: undefined, value: 1 },
    { name: "b", status: "failed", reason: undefined, type: "TypeError", value: 1 },
    { name: "b", status: "cancelled", reason: "timeout", type: "timeout", value: 1 },
  ]);
});

test("metrics measure the duration, and the time from cancel() to the end, in seconds", async () => {
  const op = new Cancellable({ name: "cleaning up", register });
  const ending = op.settle(async (own) => {
    try {
      await sleepForever();
    } finally {
      await own.shield(() => own.context.duration); // one turn at least
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
  });
  await new Promise((resolve) => setTimeout(resolve, 60));
  op.cancel();
  await ending;
  const of = async (metric: string) => {
    const found = (await points(metric)).filter(
      ({ attributes }) => attributes["cancelable.operation.name"] === "cleaning up",
    );
    expect(found).toHaveLength(1);
    return found[0]?.value as { count: number; sum: number };
  };
  const duration = await of("cancelable.operation.duration");
  const latency = await of("cancelable.operation.cancel.duration");
  expect([duration.count, latency.count]).toEqual([1, 1]);
  // Timers of Node can be 1 ms early.
  expect(latency.sum).toBeGreaterThanOrEqual(0.055);
  expect(duration.sum).toBeGreaterThanOrEqual(latency.sum + 0.055);
  expect(duration.sum).toBeLessThan(20);
});

test("metrics have no time of cancellation for an operation that completed", async () => {
  const op = new Cancellable({ name: "completed", register });
  await op.run(() => op.cancel());
  const found = (await points("cancelable.operation.cancel.duration")).filter(
    ({ attributes }) => attributes["cancelable.operation.name"] === "completed",
  );
  expect(found).toEqual([]);
});
