import { expect } from "vitest";
import { Cancellable, moveOnAfter, sleep } from "../../src/index.ts";
import { cancellableStream } from "../../src/streams/cancellable-stream.ts";
import { chunk } from "../../src/streams/chunk.ts";
import { stream } from "../../src/streams/operation-stream.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { collect, numbers, ticks } from "./sources.ts";

describeEverywhere("chunk", (everywhere) => {
  everywhere(
    "the chunks are arrays of n items, the last one with the rest, and never empty (PAR-STR-09)",
    async () => {
      expect(await collect(chunk(numbers(7).source, 3))).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
      expect(await collect(chunk([1, 2, 3, 4], 2))).toEqual([
        [1, 2],
        [3, 4],
      ]);
      expect(await collect(chunk([], 2))).toEqual([]);
      expect(await collect(chunk("abc", Number.POSITIVE_INFINITY))).toEqual([["a", "b", "c"]]);
    },
  );

  everywhere("the ambient operation reports every n-th chunk on request (PAR-STR-09)", async () => {
    const reports: unknown[] = [];
    const reporting = (options: { readonly reportEvery?: number }): Promise<number[][]> =>
      new Cancellable()
        .onProgress((progress) => reports.push(progress))
        .run((op) => collect(chunk(stream(op, numbers(12).source), 5, options)));
    await reporting({});
    expect(reports.splice(0)).toEqual([]);
    await reporting({ reportEvery: 1 });
    expect(reports.splice(0)).toEqual(["Processed 1 chunks", "Processed 2 chunks", "Processed 3 chunks"]);
    await reporting({ reportEvery: 2 });
    expect(reports).toEqual(["Processed 2 chunks"]);
  });

  everywhere("a timeout of the stream or of the scope around it ends the chunks (PAR-STR-09)", async (t) => {
    const chunks: number[][] = [];
    await moveOnAfter(55, () => collect(chunk(ticks(100, 10), 2), chunks));
    t.expectElapsed(55);
    // On a busy machine no chunk may arrive in time.
    expect(chunks.flat()).toEqual([0, 1, 2, 3].slice(0, chunks.length * 2));
    if (t.backend.name === "virtual") expect(chunks.length).toBe(2);
    const inner = cancellableStream(ticks(100, 10), { timeout: 55 });
    expect(await rejection(collect(chunk(inner, 2), chunks))).toBe(inner.operation.error);
    t.expectElapsed(110);
  });

  everywhere(
    "the source is closed when the consumer leaves, and when a cancellation finds the source silent",
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

  everywhere(
    "a consumer that leaves a silent source gets the items so far, and the source is closed",
    async (t) => {
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
    },
  );
});
