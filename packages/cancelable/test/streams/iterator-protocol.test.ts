import { expect } from "vitest";
import { Cancellable, cancellableStream, chunk, merge, sleep } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { collect, numbers } from "./sources.ts";

/** A source with this iterator. */
const made = (iterator: unknown): AsyncIterable<number> => ({
  [Symbol.asyncIterator]: () => iterator as AsyncIterator<number>,
});

describeEverywhere("the iterator of a stream", (everywhere) => {
  everywhere("return(value) closes the source and hands the value on, also through yield*", async () => {
    const { source, watch } = numbers(5);
    async function* around(): AsyncGenerator<number, number, undefined> {
      yield* cancellableStream(source);
      return 0;
    }
    const generator = around();
    await generator.next();
    expect(await generator.return(42)).toEqual({ done: true, value: 42 });
    expect(watch).toEqual({ pulled: 1, returned: 1 });
    const failure = new Error("value");
    const iterator = cancellableStream(numbers(1).source)[Symbol.asyncIterator]();
    expect(await rejection(iterator.return?.(Promise.reject(failure)) as Promise<unknown>)).toBe(failure);
  });

  everywhere("throw(error) closes the source and rejects with the error, also through yield*", async (t) => {
    const { source, watch } = numbers(5);
    async function* around(): AsyncGenerator<number, void, undefined> {
      yield* cancellableStream(source);
    }
    const generator = around();
    await generator.next();
    const failure = new Error("mine");
    expect(await rejection(generator.throw(failure))).toBe(failure);
    expect(watch).toEqual({ pulled: 1, returned: 1 });
    const closing = new Error("closing");
    const broken = made({
      next: async () => ({ done: false, value: 1 }),
      return: () => Promise.reject(closing),
    });
    const iterator = new Cancellable().stream(broken)[Symbol.asyncIterator]();
    await iterator.next();
    expect(await rejection(iterator.throw?.(failure) as Promise<unknown>)).toBe(failure);
    expect(t.reported.splice(0)).toEqual([closing]);
  });

  everywhere("a second next() is refused while the first one waits, also after a cancellation", async () => {
    const op = new Cancellable();
    const iterator = op.stream(numbers(5).source)[Symbol.asyncIterator]();
    await iterator.next();
    op.cancel();
    const waits = [iterator.next(), iterator.next(), iterator.next()].map((wait) => rejection(wait));
    const [first, second, third] = await Promise.all(waits);
    expect(first).toBe(op.error);
    expect([second, third]).toMatchObject([{ code: "ERR_BUSY" }, { code: "ERR_BUSY" }]);
  });
});

describeEverywhere("the iterator of a source", (everywhere) => {
  everywhere("next is looked up once", async () => {
    let looks = 0;
    let n = 0;
    const source = made({
      get next() {
        looks++;
        return async () => ({ done: n === 3, value: n++ });
      },
    });
    expect(await collect(cancellableStream(source))).toEqual([0, 1, 2]);
    expect(looks).toBe(1);
  });

  everywhere("a source that breaks the protocol is named in a TypeError", async () => {
    const next = async (): Promise<IteratorResult<number>> => ({ done: false, value: 1 });
    const refused = async (source: AsyncIterable<number>): Promise<unknown> => {
      const error = await rejection(
        (async () => {
          for await (const _ of cancellableStream(source)) break;
        })(),
      );
      expect(error).toBeInstanceOf(TypeError);
      return (error as Error).message;
    };
    expect(await refused(made(1))).toBe("source[Symbol.asyncIterator]() must be an iterator; got 1");
    expect(await refused(made({}))).toBe("the next of source must be a function; got undefined");
    expect(await refused(made({ next, return: 1 }))).toBe("the return of source must be a function; got 1");
    expect(await refused(made({ next, return: async () => 2 }))).toBe(
      "the result of return() of source must be an object; got 2",
    );
    expect(await rejection(collect(merge([1], made(1))))).toMatchObject({
      message: "sources[1][Symbol.asyncIterator]() must be an iterator; got 1",
    });
  });

  everywhere("a result whose done or value cannot be read fails the stream", async () => {
    const failure = new Error("getter");
    const fails = (): never => {
      throw failure;
    };
    const results = [
      () => Object.defineProperty({ value: 1 }, "done", { get: fails }),
      () => Object.defineProperty({ done: false }, "value", { get: fails }),
    ] as unknown as (() => IteratorResult<number>)[];
    for (const result of results) {
      const asynchronous = made({ next: async () => result() });
      const synchronous = { [Symbol.iterator]: () => ({ next: result }) };
      for (const source of [asynchronous, synchronous]) {
        const stream = cancellableStream<number>(source);
        expect(await rejection(collect(stream))).toBe(failure);
        expect(stream.operation.status).toBe("failed");
        expect(await rejection(collect(chunk<number>(source, 2)))).toBe(failure);
        expect(await rejection(collect(merge(source)))).toBe(failure);
      }
    }
  });

  everywhere("a source that has failed is not closed, so next() rejects at once", async (t) => {
    const failure = new Error("connection lost");
    const source = made({ next: () => Promise.reject(failure), return: () => new Promise(() => {}) });
    expect(await rejection(collect(cancellableStream(source)))).toBe(failure);
    expect(await rejection(collect(chunk(source, 2)))).toBe(failure);
    expect(await rejection(collect(merge(source)))).toBe(failure);
    t.expectElapsed(0);
  });

  everywhere("a synchronous source is closed when one of its promises rejects", async () => {
    const failure = new Error("item");
    let closed = 0;
    function* promises(): Generator<Promise<number>> {
      try {
        yield Promise.reject(failure);
      } finally {
        closed++;
      }
    }
    expect(await rejection(collect(cancellableStream(promises())))).toBe(failure);
    expect(closed).toBe(1);
  });

  everywhere("promises of an array that the stream does not reach are handled", async () => {
    const late = new Promise<number>((_, reject) => setTimeout(reject, 5, new Error("unreached")));
    for await (const _ of cancellableStream([Promise.resolve(1), late])) break;
    void cancellableStream([Promise.reject(new Error("unread"))]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await sleep(0);
  });
});
