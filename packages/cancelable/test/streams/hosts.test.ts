import { Readable } from "node:stream";
import { expect } from "vitest";
import {
  Cancellable,
  cancellableStream,
  isCancellation,
  merge,
  sleep,
  TimeoutCancellation,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { type Case, deferred, describeEverywhere, rejection } from "../backends.ts";
import { until } from "../until.ts";
import { collect, webStream } from "./sources.ts";

/** Node's streams use real turns of the event loop, so virtual time has to wait for them. */
function held<T>(t: Case, work: Promise<T>): PromiseLike<T> {
  return t.backend instanceof VirtualBackend ? t.backend.hold(work) : work;
}

describeEverywhere("a stream of a ReadableStream", (everywhere) => {
  everywhere("the stream yields the items and releases the lock at the end", async () => {
    const source = new ReadableStream<number>({
      start(controller) {
        for (const n of [1, 2, 3]) controller.enqueue(n);
        controller.close();
      },
    });
    expect(await collect(cancellableStream(source))).toEqual([1, 2, 3]);
    expect(source.locked).toBe(false);
  });

  everywhere(
    "a cancellation cancels the silent source once with its error, and the stream waits for that",
    async (t) => {
      const reasons: unknown[] = [];
      const source = webStream([1, 2], reasons, () => sleep(15));
      const stream = cancellableStream(source, { timeout: 300, bufferPartial: true });
      const error = await rejection(collect(stream));
      expect(error).toBe(stream.operation.error);
      expect(reasons).toEqual([error]);
      expect(source.locked).toBe(false);
      expect(stream.partialResult.items).toEqual([1, 2]);
      t.expectElapsed(315);
    },
  );

  everywhere("a consumer that leaves or never reads cancels the source once without a reason", async () => {
    const reasons: unknown[] = [];
    for await (const _ of cancellableStream(webStream([1, 2], reasons))) break;
    expect(reasons).toEqual([undefined]);
    await cancellableStream(webStream([1], reasons))[Symbol.asyncDispose]();
    expect(reasons).toEqual([undefined, undefined]);
  });

  everywhere("an error of the source passes through", async () => {
    const failure = new Error("broken");
    const source = new ReadableStream<number>({ start: (controller) => controller.error(failure) });
    expect(await rejection(collect(cancellableStream(source)))).toBe(failure);
  });

  everywhere(
    "a locked source is refused at once, or at the first read if it was locked in between",
    async () => {
      const source = webStream([1], []);
      const stream = cancellableStream(source);
      source.getReader();
      expect(() => cancellableStream(source)).toThrow(expect.objectContaining({ code: "ERR_BUSY" }));
      expect(await rejection(collect(stream))).toMatchObject({ code: "ERR_BUSY" });
    },
  );
});

/** A Readable that yields `items`, stays open, and records the errors that it is destroyed with. */
function readable(items: readonly string[], destroyed: unknown[], options?: object): Readable {
  const source = new Readable({
    objectMode: true,
    read() {},
    destroy(error, callback) {
      setImmediate(() => callback(error));
    },
    ...options,
  });
  for (const item of items) source.push(item);
  const { destroy } = source;
  source.destroy = (error) => {
    destroyed.push(error ?? undefined);
    return destroy.call(source, error);
  };
  return source;
}

function listeners(source: Readable): number {
  return source.eventNames().reduce((sum, name) => sum + source.listenerCount(name), 0);
}

describeEverywhere("a stream of a Node Readable", (everywhere) => {
  everywhere("leaving during a read destroys the source without an error", async (t) => {
    const destroyed: unknown[] = [];
    for await (const item of merge([1], readable([], destroyed))) {
      expect(item).toBe(1);
      break;
    }
    const stream = cancellableStream(readable([], destroyed))[Symbol.asyncIterator]();
    const next = stream.next();
    await stream.return?.(undefined);
    expect([await next, destroyed]).toEqual([{ done: true, value: undefined }, [undefined, undefined]]);
    expect(t.reported).toEqual([]);
  });

  everywhere(
    "a read that the closing ends is not reported, also after the wait for the closing",
    async (t) => {
      const end = deferred();
      const source = readable([], [], {
        destroy: (error: Error | null, done: (error: Error | null) => void) =>
          void end.promise.then(() => done(error)),
      });
      const stream = cancellableStream(source)[Symbol.asyncIterator]();
      const next = stream.next();
      await stream.return?.(undefined);
      t.expectElapsed(100);
      end.resolve();
      await until(() => source.closed);
      await sleep(1);
      expect([await next, t.reported]).toEqual([{ done: true, value: undefined }, []]);
    },
  );

  everywhere("an error of the source while it is left is reported", async (t) => {
    const untouchable = Object.defineProperty(new Error("odd"), "code", {
      get() {
        throw new Error("do not read");
      },
    });
    for (const failure of [new Error("disk"), untouchable]) {
      const source = readable([], [], {
        destroy: (_: unknown, done: (error: Error) => void) => done(failure),
      });
      for await (const _ of merge([1], source)) break;
      expect(t.reported.splice(0)).toEqual([failure]);
    }
  });

  everywhere("the stream yields the items", async (t) => {
    expect(await held(t, collect(cancellableStream(Readable.from(["a", "b"]))))).toEqual(["a", "b"]);
  });

  everywhere(
    "a cancellation destroys the silent source once with its error, and leaves no more listeners than a bare loop",
    async (t) => {
      const destroyed: unknown[] = [];
      const source = readable(["a"], destroyed);
      const bare = readable(["a"], []);
      const looping = rejection(collect(bare));
      const stream = cancellableStream(source, { bufferPartial: true });
      const reading = rejection(collect(stream));
      await sleep(10);
      stream.operation.cancel("manual", "enough");
      const error = await held(t, reading);
      expect(isCancellation(error, stream.operation)).toBe(true);
      expect(destroyed).toEqual([error]);
      expect(source.closed).toBe(true);
      bare.destroy(new Error("enough"));
      await held(t, looping);
      expect(listeners(source)).toBe(listeners(bare));
      expect(stream.partialResult.items).toEqual(["a"]);
    },
  );

  everywhere("a consumer that leaves or never reads destroys the source once without an error", async (t) => {
    const destroyed: unknown[] = [];
    const source = readable(["a", "b"], destroyed);
    await held(
      t,
      (async () => {
        for await (const _ of cancellableStream(source)) break;
      })(),
    );
    expect(destroyed).toEqual([undefined]);
    expect(source.closed).toBe(true);
    const unread = readable(["a"], destroyed);
    await held(t, cancellableStream(unread)[Symbol.asyncDispose]());
    expect([destroyed.length, unread.closed]).toEqual([2, true]);
  });

  everywhere("a source that emits no close event is not waited for", async () => {
    const source = readable([], [], { emitClose: false });
    const stream = cancellableStream(source, { timeout: 5 });
    expect(await rejection(collect(stream))).toBeInstanceOf(TimeoutCancellation);
  });

  everywhere("an error of the source passes through", async (t) => {
    const failure = new Error("broken");
    const source = readable(["a"], []);
    setImmediate(() => source.destroy(failure));
    const operation = new Cancellable();
    expect(await held(t, rejection(collect(cancellableStream(source, { operation }))))).toBe(failure);
    expect(operation.context.status).toBe("failed");
  });
});
