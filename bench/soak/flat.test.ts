import { expect, test } from "vitest";
import { fitLine, trendOf } from "./flat.mjs";
import { randomFrom } from "./random.mjs";
import { Samples } from "./samples.mjs";
import { judge, limit } from "./verdict.mjs";

/** What a sample is every five seconds. */
const times = (count: number) => Array.from({ length: count }, (_, i) => i * 5);

/** The heap of a soak as it is: it rises steeply, then it is flat, with noise and a few doubled tables. */
function heapOf(count: number, leakPerSecond = 0): number[] {
  const random = randomFrom(1);
  return times(count).map((time) => {
    const warming = 8e6 * (1 - Math.exp(-time / 10));
    const noise = random.integer(-15_000, 15_000) + (random.chance(0.1) ? random.integer(0, 2_000_000) : 0);
    const doubled = time > count * 2.5 ? 262_144 : 0;
    return 20e6 + warming + noise + doubled + leakPerSecond * time;
  });
}

function samplesOf(heap: number[]): Samples {
  const samples = new Samples(heap.length);
  for (const [i, heapUsed] of heap.entries()) {
    const memory = { heapUsed, external: 3e6, arrayBuffers: 0, rss: 1e8, heapTotal: heapUsed };
    samples.add({ seconds: i * 5, memory, handles: 2, left: 0, operations: i * 50_000 });
  }
  return samples;
}

test("the line goes through the samples, whatever a quarter of them are", () => {
  const values = times(40).map((time) => 7 + 3 * time);
  for (let i = 0; i < 40; i += 4) values[i] = 1e9;
  const { slope, start } = fitLine(times(40), values);
  expect(slope).toBeCloseTo(3);
  expect(start).toBeCloseTo(7);
});

test("the growth is that of the whole run, at the slope after the warm-up", () => {
  const values = times(100).map((time) => (time < 100 ? 1e6 * time : 1e8 + 2 * time));
  expect(trendOf(times(100), values)).toMatchObject({ slope: 2, growth: 2 * 495 });
});

test("too few samples after the warm-up are no answer", () => {
  expect(() => trendOf(times(9), times(9))).toThrow("at least 8 samples after the warm-up; there were 7");
});

test.each([
  ["5 minutes", 60],
  ["30 minutes", 360],
])(
  "a heap with noise is flat, and one that leaks 100 bytes for 20 operations a second is not: %s",
  (_, count) => {
    expect(judge(samplesOf(heapOf(count)), [])).toMatchObject({ flat: true, problems: [] });
    const leaking = judge(samplesOf(heapOf(count, 100 * 20)), []);
    expect(leaking.flat).toBe(false);
    expect(leaking.heap.growth).toBeGreaterThan(limit);
    expect(leaking.problems).toEqual([expect.stringContaining("heap memory rises by")]);
  },
);

test("what was noticed on the way is not flat, however flat the heap is", () => {
  const { flat, problems } = judge(samplesOf(heapOf(60)), ["a rejection that nobody handled: Error: x"]);
  expect([flat, problems.length]).toEqual([false, 1]);
});
