import { expect } from "vitest";
import { Cancellable, moveOnAfter, sleep } from "../../src/index.ts";
import { cancellableStream } from "../../src/streams/cancellable-stream.ts";
import { chunk } from "../../src/streams/chunk.ts";
import { stream } from "../../src/streams/operation-stream.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { collect, numbers, ticks } from "./sources.ts";

describeEverywhere("chunk", (everywhere) => {
  everywhere("gives arrays of n, the last one with what is left, none empty (PAR-STR-09)", async () => {
    expect(await collect(chunk(numbers(7).source, 3))).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    expect(await collect(chunk([1, 2, 3, 4], 2))).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(await collect(chunk([], 2))).toEqual([]);
    expect(await collect(chunk("abc", Number.POSITIVE_INFINITY))).toEqual([["a", "b", "c"]]);
  });

  everywhere("reports every chunk to the ambient operation (PAR-STR-09)", async () => {
    const reports: unknown[] = [];
    await new Cancellable()
      .onProgress((_, progress) => reports.push(progress))
      .run((op) => collect(chunk(stream(op, numbers(12).source), 5)));
    expect(reports).toEqual([
      "Processed chunk of 5 items",
      "Processed chunk of 5 items",
      "Processed final chunk of 2 items",
    ]);
  });

  everywhere("works under a timeout, its own or that of the scope around it (PAR-STR-09)", async (t) => {
    const chunks: number[][] = [];
    await moveOnAfter(55, () => collect(chunk(ticks(100, 10), 2), chunks));
    t.expectElapsed(55);
    // On a busy machine none may have come in time.
    expect(chunks.flat()).toEqual([0, 1, 2, 3].slice(0, chunks.length * 2));
    if (t.backend.name === "virtual") expect(chunks.length).toBe(2);
    const inner = cancellableStream(ticks(100, 10), { timeout: 55 });
    expect(await rejection(collect(chunk(inner, 2), chunks))).toBe(inner.operation.error);
    t.expectElapsed(110);
  });

  everywhere(
    "closes the source when the consumer leaves, and when it is cancelled while that is silent",
    async () => {
      const left = numbers(10);
      for await (const _ of chunk(left.source, 2)) break;
      expect(left.watch).toEqual({ pulled: 2, returned: 1 });
      const silent = numbers(10, 60_000);
      await moveOnAfter(5, () => collect(chunk(silent.source, 2)));
      expect(silent.watch).toEqual({ pulled: 1, returned: 1 });
      await sleep(0);
    },
  );

  everywhere("left while its source is silent, it gives what it has, and closes the source", async (t) => {
    const closed: string[] = [];
    async function* source(): AsyncGenerator<number> {
      try {
        yield 1;
        await sleep(60_000);
      } finally {
        closed.push("closed");
      }
    }
    const chunks = chunk(source(), 2);
    const waiting = chunks.next();
    await sleep(5);
    await chunks.return(undefined);
    expect([await waiting, closed]).toEqual([{ done: false, value: [1] }, ["closed"]]);
    t.expectElapsed(5);
  });
});
