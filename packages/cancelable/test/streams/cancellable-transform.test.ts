import { expect } from "vitest";
import {
  Cancellable,
  CancellationToken,
  cancellableTransform,
  sleep,
  TimeoutCancellation,
  TimeoutSource,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";
import { until } from "../until.ts";
import { webStream } from "./sources.ts";

async function read<T>(stream: ReadableStream<T>, into: T[] = []): Promise<T[]> {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return into;
    into.push(value);
  }
}

const of = <T>(...items: T[]): ReadableStream<T> =>
  new ReadableStream({
    start(controller) {
      for (const item of items) controller.enqueue(item);
      controller.close();
    },
  });

describeEverywhere("a cancellable transform", (everywhere) => {
  everywhere("the transform passes every item on and ends its operation", async () => {
    const calls: unknown[] = [];
    const transform = cancellableTransform<number>({
      name: "pipe",
      bufferPartial: true,
      onProgress: (count, item) => calls.push([count, item]),
      reportEvery: 2,
    });
    expect(transform).toBeInstanceOf(TransformStream);
    expect(await read(of(1, 2, 3).pipeThrough(transform))).toEqual([1, 2, 3]);
    expect(calls).toEqual([[2, 2]]);
    expect(transform.partialResult).toEqual({ count: 3, completed: true, items: [1, 2, 3] });
    expect(transform.operation.context).toMatchObject({ name: "pipe", status: "completed" });
  });

  everywhere("a cancellation fails both sides, and the pipe closes its source", async (t) => {
    const reasons: unknown[] = [];
    const transform = cancellableTransform<number>({ bufferPartial: true });
    const seen: number[] = [];
    const reading = rejection(read(webStream([1, 2], reasons).pipeThrough(transform), seen));
    await until(() => seen.length === 2);
    transform.operation.addSource(new TimeoutSource(20));
    const error = await reading;
    expect(error).toBeInstanceOf(TimeoutCancellation);
    await sleep(1);
    expect(reasons).toEqual([error]);
    expect(seen).toEqual([1, 2]);
    expect(transform.operation.context).toMatchObject({ status: "cancelled", cancelReason: "timeout" });
    expect(transform.operation.context.partialResult).toEqual({ count: 2, completed: false, items: [1, 2] });
    t.expectElapsed(21);
  });

  everywhere("a reader that leaves ends the operation and cancels the source", async () => {
    const reasons: unknown[] = [];
    const transform = cancellableTransform<number>();
    const reader = webStream([1, 2], reasons).pipeThrough(transform).getReader();
    await reader.read();
    await reader.cancel("enough");
    await sleep(1);
    expect(reasons).toEqual(["enough"]);
    expect(transform.operation.context.status).toBe("completed");
    expect(transform.partialResult.completed).toBe(false);
  });

  everywhere("a source that fails fails the operation", async () => {
    const failure = new Error("source");
    const source = new ReadableStream<number>({ start: (controller) => controller.error(failure) });
    const transform = cancellableTransform<number>();
    expect(await rejection(read(source.pipeThrough(transform)))).toBe(failure);
    await sleep(1);
    expect(transform.operation.context).toMatchObject({ status: "failed", errorMessage: "source" });
  });

  everywhere(
    "the transform runs in a given operation after its callbacks, and a cancelled operation fails it at once",
    async () => {
      const order: string[] = [];
      const operation = new Cancellable().onStart(async () => {
        await sleep(1);
        order.push("start");
      });
      const transform = cancellableTransform<string>({ operation });
      order.push(...(await read(of("a").pipeThrough(transform))));
      expect(order).toEqual(["start", "a"]);
      const token = new CancellationToken();
      token.cancel("shutdown", "down");
      const refused = cancellableTransform<string>({ token });
      expect(await rejection(read(of("a").pipeThrough(refused)))).toMatchObject({ reason: "shutdown" });
    },
  );
});

describeEverywhere("the end of a transform", (everywhere) => {
  everywhere("a cancellation while the transform ends changes nothing", async () => {
    const gate = deferred();
    const transform = cancellableTransform<number>({ onProgress: () => gate.promise });
    const reader = transform.readable.getReader();
    const writer = transform.writable.getWriter();
    const reading = reader.read();
    await writer.write(1);
    expect(await reading).toEqual({ done: false, value: 1 });
    const closing = writer.close();
    await sleep(1);
    transform.operation.cancel();
    await sleep(1);
    gate.resolve();
    await closing;
    expect((await reader.read()).done).toBe(true);
  });

  everywhere("a cancelled transform does not wait longer than its grace", async (t) => {
    const gate = deferred();
    const transform = cancellableTransform<number>({ grace: 10, onProgress: () => gate.promise });
    const reader = transform.readable.getReader();
    const writer = transform.writable.getWriter();
    const reading = reader.read();
    await writer.write(1);
    await reading;
    transform.operation.cancel();
    expect(await rejection(reader.read())).toBe(transform.operation.error);
    await sleep(20);
    expect(transform.operation.status).toBe("cancelled");
    if (t.backend.name === "virtual") t.expectElapsed(20);
    gate.resolve();
  });
});
