import { expect } from "vitest";
import { CancelScope, cancellableStream, checkpoint, sleep, sleepForever } from "../../src/index.ts";
import { describeEverywhere, rejection, stepRecorder } from "../backends.ts";

/** A generator that records its items and its close. */
function noting(log: string[], count = 3): AsyncGenerator<number, void, undefined> {
  return (async function* () {
    try {
      for (let n = 0; n < count; n++) {
        log.push(`make ${n}`);
        yield n;
      }
    } finally {
      log.push("closed");
    }
  })();
}

describeEverywhere("a generator behind a stream", (everywhere) => {
  everywhere(
    "the generator produces an item on demand, and is closed when the consumer leaves (CONF-N24)",
    async () => {
      const log: string[] = [];
      for await (const n of cancellableStream(noting(log, 10))) {
        await sleep(1);
        log.push(`use ${n}`);
        if (n === 1) break;
      }
      expect(log).toEqual(["make 0", "use 0", "make 1", "use 1", "closed"]);
    },
  );

  everywhere("errors of the generator and of the loop's body come out (CONF-N24)", async () => {
    const failure = new Error("source");
    const broken = async function* (): AsyncGenerator<number> {
      yield 1;
      throw failure;
    };
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const n of cancellableStream(broken())) seen.push(n);
    };
    expect(await rejection(read())).toBe(failure);
    expect(seen).toEqual([1]);
    const log: string[] = [];
    const body = new Error("body");
    const leave = async (): Promise<void> => {
      for await (const n of cancellableStream(noting(log))) if (n === 1) throw body;
    };
    expect(await rejection(leave())).toBe(body);
    expect(log).toEqual(["make 0", "make 1", "closed"]);
  });

  everywhere("a scope that the generator holds open does not affect the reader (CONF-N24)", async () => {
    const { step, finish } = stepRecorder();
    const scope = new CancelScope();
    const source = async function* (): AsyncGenerator<number> {
      yield 1;
      await scope.run(async (self) => {
        self.cancel();
        await sleepForever().finally(() => step(2));
      });
      step(3);
      yield 2;
    };
    for await (const n of cancellableStream(source())) {
      if (n === 1) step(1);
      await checkpoint();
      await sleep(0);
    }
    finish(4);
    expect(scope.cancelledCaught).toBe(true);
  });

  everywhere(
    "a stream that is disposed of before, between or during reads is over and closed (CONF-N25)",
    async () => {
      const unread: string[] = [];
      const before = cancellableStream(noting(unread));
      await before[Symbol.asyncDispose]();
      expect(unread).toEqual([]);
      expect(() => before[Symbol.asyncIterator]()).toThrow(
        expect.objectContaining({ code: "ERR_ALREADY_STARTED" }),
      );

      const log: string[] = [];
      const between = cancellableStream(noting(log));
      const iterator = between[Symbol.asyncIterator]();
      expect(await iterator.next()).toEqual({ done: false, value: 0 });
      await between[Symbol.asyncDispose]();
      expect(log).toEqual(["make 0", "closed"]);
      expect(await iterator.next()).toEqual({ done: true, value: undefined });

      let closed = false;
      const during = cancellableStream(
        (async function* () {
          try {
            yield 0;
            await sleepForever();
          } finally {
            closed = true;
          }
        })(),
      );
      const reading = during[Symbol.asyncIterator]();
      await reading.next();
      const waiting = reading.next();
      await sleep(1);
      await during[Symbol.asyncDispose]();
      expect([closed, await waiting]).toEqual([true, { done: true, value: undefined }]);
      expect(await reading.next()).toEqual({ done: true, value: undefined });
    },
  );
});

describeEverywhere("two readers of one stream", (everywhere) => {
  everywhere("the second reader is refused at once, and the first one goes on (CONF-O05)", async () => {
    const busy = { name: "UsageError", code: "ERR_BUSY" };
    const stream = cancellableStream(noting([]));
    const iterator = stream[Symbol.asyncIterator]();
    expect(() => stream[Symbol.asyncIterator]()).toThrow(expect.objectContaining(busy));
    const first = iterator.next();
    expect(await rejection(iterator.next())).toMatchObject(busy);
    expect(await first).toEqual({ done: false, value: 0 });
    expect(await iterator.next()).toEqual({ done: false, value: 1 });
    await stream[Symbol.asyncDispose]();
  });
});
