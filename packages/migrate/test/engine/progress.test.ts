import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Progress } from "../../src/engine/progress.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function watched(isTerminal: boolean): { progress: Progress; shown: string[] } {
  const shown: string[] = [];
  const progress = new Progress({ out: () => {}, err: (text) => shown.push(text), isTerminal });
  progress.total = 3;
  return { progress, shown };
}

describe("Progress", () => {
  test("is not shown in the first second.", () => {
    const { progress, shown } = watched(true);
    vi.advanceTimersByTime(900);
    progress.tick("a.ts");
    progress.clear();
    expect(shown).toEqual([]);
  });

  test("is one changing line on a terminal, cleared before other output.", () => {
    const { progress, shown } = watched(true);
    vi.advanceTimersByTime(1_500);
    progress.tick("a.ts");
    progress.tick("b.ts");
    progress.clear();
    progress.clear();
    expect(shown).toEqual(["\r\u001b[K1 of 3 files, a.ts", "\r\u001b[K"]);
  });

  test("is a line every ten seconds without a terminal.", () => {
    const { progress, shown } = watched(false);
    for (let i = 0; i < 25; i++) {
      vi.advanceTimersByTime(1_000);
      progress.tick("a.ts");
    }
    expect(shown).toEqual(["10 of 3 files, a.ts\n", "20 of 3 files, a.ts\n"]);
  });
});
