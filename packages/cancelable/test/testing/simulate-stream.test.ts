import { expect } from "vitest";
import { Cancellable } from "../../src/index.ts";
import {
  type SimulatedStreamEvent,
  type SimulatedStreamOptions,
  simulateStream,
  VirtualBackend,
} from "../../src/testing/index.ts";
import { describeEverywhere } from "../backends.ts";

const text = "The quick brown fox jumps over the lazy dog. ".repeat(4);
const still: SimulatedStreamOptions = { burstProbability: 0, stallProbability: 0, jitterProbability: 0 };
const quick: SimulatedStreamOptions = { ...still, delay: 0 };

async function collect(
  input: string,
  options?: SimulatedStreamOptions,
): Promise<{ events: SimulatedStreamEvent[]; chunks: string[] }> {
  const events: SimulatedStreamEvent[] = [];
  for await (const event of simulateStream(input, options)) events.push(event);
  return { events, chunks: events.flatMap((event) => (event.type === "data" ? [event.chunk] : [])) };
}

/** A repeatable sequence of numbers. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

describeEverywhere("simulateStream", (everywhere) => {
  everywhere("the chunks make up the text, and the stream completes once (PAR-SIM-03)", async () => {
    for (const input of [text, "a", ""]) {
      const { events, chunks } = await collect(input, { ...quick, chunkSize: 7 });
      expect(chunks.join("")).toBe(input);
      expect(chunks.every((chunk, i) => chunk.length === 7 || i === chunks.length - 1)).toBe(true);
      expect(events.filter(({ type }) => type === "complete")).toHaveLength(1);
      expect(events.at(-1)).toMatchObject({ type: "complete", chunks: chunks.length });
    }
  });

  everywhere("the options have defaults (PAR-SIM-01)", async ({ backend }) => {
    if (backend instanceof VirtualBackend) {
      // No random event happens: one character every 50 ms.
      const { events } = await collect("abc", { random: () => 0.99 });
      expect(events.map(({ at }) => at)).toEqual([50, 100, 150, 150]);
      // Every random event happens: a stall of 500 ms, then three characters at once.
      const { events: others } = await collect("abcd", { random: () => 0 });
      expect(others.map(({ type, at }) => [type, at])).toEqual([
        ["stall", 500],
        ["data", 501],
        ["data", 502],
        ["data", 503],
        ["stall", 1_003],
        ["data", 1_004],
        ["complete", 1_004],
      ]);
    } else expect((await collect("ab")).chunks).toEqual(["a", "b"]);
  });

  everywhere(
    "the sizes vary within their range, by default from half to twice the size (PAR-SIM-02)",
    async () => {
      const lengths = async (options: SimulatedStreamOptions): Promise<number[]> => {
        const { chunks } = await collect(text.repeat(4), { ...quick, random: numbers(7), ...options });
        return [...new Set(chunks.slice(0, -1).map((chunk) => chunk.length))].sort((a, b) => a - b);
      };
      expect(await lengths({ chunkSize: 5 })).toEqual([5]);
      expect(await lengths({ chunkSize: 4, variableSize: true })).toEqual([2, 3, 4, 5, 6, 7, 8]);
      expect(await lengths({ variableSize: true })).toEqual([1, 2]);
      expect(await lengths({ variableSize: [3, 5] })).toEqual([3, 4, 5]);
      expect(await lengths({ variableSize: [3, 5], sizeWeights: [0, 1, 0] })).toEqual([4]);
      // A random number of 1 gives the largest size.
      expect(await lengths({ variableSize: [3, 5], random: () => 1 })).toEqual([5]);
      // A missing weight counts 1.
      expect(await lengths({ variableSize: [3, 5], sizeWeights: [0] })).toEqual([4, 5]);
      expect(await lengths({ variableSize: [3, 4], sizeWeights: [0, 1, 1, 1] })).toEqual([4]);
    },
  );

  everywhere("the stream stalls and bursts, with an event for each stall (PAR-SIM-04)", async () => {
    const { events: stalled } = await collect("abc", { ...quick, stallProbability: 1, stallDuration: 2 });
    expect(stalled.filter(({ type }) => type === "stall")).toHaveLength(3);
    expect(stalled[0]).toMatchObject({ type: "stall", duration: 2 });
    const { events: burst } = await collect("abcdefg", {
      ...quick,
      burstProbability: 1,
      burstSize: 4,
      chunkSize: 2,
    });
    expect(
      burst.flatMap((event) => (event.type === "data" ? [[event.chunk, event.position, event.isBurst]] : [])),
    ).toEqual([
      ["ab", 2, true],
      ["cd", 4, true],
      ["ef", 6, true],
      ["g", 7, true],
    ]);
    for (const { events } of [await collect("abcd", { ...quick, delay: 2 })]) {
      const times = events.map(({ at }) => at);
      expect(times.every((at) => at > 0)).toBe(true);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
  });

  everywhere(
    "the cancellation of the scope ends the stream after the chunks so far (PAR-SIM-05)",
    async () => {
      const op = new Cancellable();
      const seen: SimulatedStreamEvent[] = [];
      const outcome = await op.settle(async () => {
        for await (const event of simulateStream(text, { ...still, delay: 1 })) {
          seen.push(event);
          op.cancel("shutdown");
        }
      });
      expect([outcome.status, seen.length]).toEqual(["cancelled", 1]);
    },
  );

  everywhere("the stream reports its progress and its stalls to the operation (PAR-SIM-06)", async () => {
    const messages: unknown[] = [];
    const op = new Cancellable().onProgress((_id, message) => void messages.push(message));
    await op.run(() => collect("x".repeat(40), quick));
    expect(messages).toEqual([25, 50, 75, 100].map((percent) => `Stream progress: ${percent}.0%`));
    messages.length = 0;
    const stalling = new Cancellable().onProgress((_id, message) => void messages.push(message));
    await stalling.run(() => collect("xy", { ...quick, stallProbability: 1, stallDuration: 3 }));
    expect(messages).toEqual(["Network stall: 3ms", "Network stall: 3ms"]);
  });

  everywhere("wrong options are refused before the first read (PAR-SIM-01)", () => {
    const wrong =
      (options: object): (() => void) =>
      () =>
        void simulateStream("a", options);
    expect(() => simulateStream(5 as unknown as string)).toThrow(/^text must be a string; got 5/);
    expect(wrong({ chunkSize: 0 })).toThrow(/^options\.chunkSize must be a whole number of at least 1/);
    expect(wrong({ chunkSize: Number.POSITIVE_INFINITY })).toThrow(/^options\.chunkSize must be finite/);
    expect(wrong({ variableSize: [0, 3] })).toThrow(/^options\.variableSize\[0\] must be a whole number/);
    expect(wrong({ variableSize: [4, 3] })).toThrow(
      /^options\.variableSize\[0\] must be at most the other, 3/,
    );
    expect(wrong({ variableSize: 3 })).toThrow(/^options\.variableSize must be true, or the least/);
    expect(wrong({ sizeWeights: [1] })).toThrow(
      /^options\.sizeWeights must be given together with variableSize/,
    );
    expect(wrong({ variableSize: true, sizeWeights: 1 })).toThrow(/^options\.sizeWeights must be an array/);
    expect(wrong({ variableSize: true, sizeWeights: [-1] })).toThrow(/^options\.sizeWeights\[0\] must be/);
    expect(wrong({ variableSize: [2, 2], sizeWeights: [0] })).toThrow(
      /^options\.sizeWeights must be above 0/,
    );
    expect(wrong({ delay: "soon" })).toThrow(/^options\.delay must be/);
    expect(wrong({ stallDuration: Number.POSITIVE_INFINITY })).toThrow(
      /^options\.stallDuration must be finite/,
    );
    expect(wrong({ burstProbability: 1.5 })).toThrow(/^options\.burstProbability must be between 0 and 1/);
    expect(wrong({ jitterProbability: "often" })).toThrow(/^options\.jitterProbability must be a number/);
    expect(wrong({ random: 0.5 })).toThrow(/^options\.random must be a function/);
  });
});
