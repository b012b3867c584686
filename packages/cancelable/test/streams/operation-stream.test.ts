import { expect } from "vitest";
import {
  Cancellable,
  cancellableStream,
  currentOperation,
  isCancellation,
  sleep,
  TimeoutCancellation,
  TimeoutSource,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { stream } from "./operation-stream.ts";
import { collect, numbers, ticks } from "./sources.ts";

describeEverywhere("a stream of a running operation", (everywhere) => {
  everywhere(
    "the stream yields every item in the operation, and the operation goes on (PAR-CAN-16)",
    async () => {
      await new Cancellable({ name: "outer" }).run(async (op) => {
        async function* source(): AsyncGenerator<unknown, void, undefined> {
          yield currentOperation();
          await sleep(1);
          yield currentOperation();
        }
        const read = stream(op, source(), { bufferPartial: true });
        expect(read.operation).toBe(op);
        expect(await collect(read)).toEqual([op, op]);
        expect(op.context.partialResult).toEqual({ count: 2, completed: true, items: [op, op] });
        expect(op.isRunning).toBe(true);
        expect(op.children).toEqual([]);
      });
    },
  );

  everywhere("the stream ends with the operation's cancellation (PAR-CAN-16, PAR-STR-05)", async (t) => {
    const seen: number[] = [];
    const op = new Cancellable();
    async function* source(): AsyncGenerator<number, void, undefined> {
      op.addSource(new TimeoutSource(45));
      yield* ticks(20, 10);
    }
    const outcome = await op.settle((op) => collect(stream(op, source(), { bufferPartial: true }), seen));
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "timeout" } });
    expect(op.context.partialResult).toEqual({ count: seen.length, completed: false, items: seen });
    if (t.backend.name === "virtual") expect(seen).toEqual([0, 1, 2, 3]);
  });

  everywhere("the operation waits for the source of a stream that its body left by throwing", async () => {
    const { source, watch } = numbers(5, 1);
    const failure = new Error("body");
    const outcome = await new Cancellable().settle(async (op) => {
      for await (const _ of stream(op, source)) throw failure;
    });
    expect(outcome).toEqual({ status: "failed", error: failure });
    expect(watch.returned).toBe(1);
  });

  everywhere("an idle timeout ends the stream only, and the operation may go on", async (t) => {
    await new Cancellable().run(async (op) => {
      const read = stream(op, ticks(5, 1_000), { idleTimeout: 20 });
      expect(await rejection(collect(read))).toBeInstanceOf(TimeoutCancellation);
      expect(op.isCancelled).toBe(false);
      await op.sleep(1);
    });
    t.expectElapsed(21);
  });

  everywhere("a cancelled operation ends its stream even if no further read comes", async () => {
    const { source, watch } = numbers(5, 1);
    const op = new Cancellable();
    const outcome = await op.settle(async (op) => {
      await stream(op, source)[Symbol.asyncIterator]().next();
      op.addSource(new TimeoutSource(20));
      return "left behind";
    });
    expect(outcome).toEqual({ status: "completed", value: "left behind" });
    expect(watch.returned).toBe(1);
  });

  everywhere("a cancellation from above ends the stream with reason parent", async () => {
    const above = new Cancellable();
    const outcome = await above.settle(async () => {
      const read = cancellableStream(ticks(5, 1_000), { name: "below" });
      const error = rejection(collect(read));
      await sleep(5);
      above.cancel("shutdown");
      expect(await error).toMatchObject({ reason: "parent", cause: above.token.error });
      expect(isCancellation(await error, above)).toBe(true);
      expect(read.operation.parent).toBe(above);
    });
    expect(outcome.status).toBe("completed");
  });

  everywhere("100 streams in one operation leave nothing in the operation", async () => {
    await new Cancellable().run(async (op) => {
      for (let i = 0; i < 100; i++) {
        for await (const _ of stream(op, numbers(3).source)) if (i % 2 === 0) break;
        await rejection(collect(cancellableStream(ticks(2, 100), { timeout: 0 })));
      }
      expect(op.children).toEqual([]);
      expect(op.node.firstChild).toBeUndefined();
      expect(op.node.live).toBe(0);
    });
  });
});
