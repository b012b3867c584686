import { expect, test } from "vitest";
import { fitLine, trendOf } from "./flat.mjs";
import { randomFrom } from "./random.mjs";
import { Samples } from "./samples.mjs";
import { judge, limit } from "./verdict.mjs";

/** One sample every five seconds. */
const times = (count: number) => Array.from({ length: count }, (_, i) => i * 5);

/** A typical heap of a soak: first steep, then flat, with noise and with tables that double in size. */
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

test("the line goes through the samples even if a quarter of them are wrong", () => {
  const values = times(40).map((time) => 7 + 3 * time);
  for (let i = 0; i < 40; i += 4) values[i] = 1e9;
  const { slope, start } = fitLine(times(40), values);
  expect(slope).toBeCloseTo(3);
  expect(start).toBeCloseTo(7);
});

test("the growth is the slope after the warm-up times the length of the whole run", () => {
  const values = times(100).map((time) => (time < 100 ? 1e6 * time : 1e8 + 2 * time));
  expect(trendOf(times(100), values)).toMatchObject({ slope: 2, growth: 2 * 495 });
});

test("too few samples after the warm-up are refused", () => {
  expect(() => trendOf(times(9), times(9))).toThrow("at least 8 samples after the warm-up, got 7");
});

test.each([
  ["5 minutes", 60],
  ["30 minutes", 360],
])(
  "a heap with noise is flat, and a heap that leaks 100 bytes in each of 20 operations a second is not: %s",
  (_, count) => {
    expect(judge(samplesOf(heapOf(count)), [])).toMatchObject({ flat: true, problems: [] });
    const leaking = judge(samplesOf(heapOf(count, 100 * 20)), []);
    expect(leaking.flat).toBe(false);
    expect(leaking.heap.growth).toBeGreaterThan(limit);
    expect(leaking.problems).toEqual([expect.stringContaining("heap memory rises by")]);
  },
);

test("a problem during the run makes the verdict not flat, even if the heap is flat", () => {
  const { flat, problems } = judge(samplesOf(heapOf(60)), ["unhandled rejection: Error: x"]);
  expect([flat, problems.length]).toEqual([false, 1]);
});
