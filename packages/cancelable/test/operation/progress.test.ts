import { describe, expect, vi } from "vitest";
import { Cancellable, currentOperation, type ProgressEstimate, shield, sleep } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectThrows, wrong } from "../refusals.ts";
import { inVirtualTime } from "../registry/running.ts";

/** The estimates after reports of [moment in ms, current, total]. */
async function estimates(
  ...reports: ReadonlyArray<readonly [at: number, current: number, total?: number]>
): Promise<unknown[]> {
  const found: unknown[] = [];
  let now = 0;
  await new Cancellable().run(async (op) => {
    for (const [at, current, total] of reports) {
      if (at > now) await sleep(at - now);
      now = at;
      op.reportProgress(total === undefined ? { current } : { current, total });
      const { fraction: done, rate, remaining } = op.context.estimate as ProgressEstimate;
      found.push([done, rate, remaining]);
    }
  });
  return found;
}

describe("the estimate from an operation's reports", () => {
  inVirtualTime("the fraction, the rate in a second, and what remains in ms", async () => {
    expect(await estimates([0, 0, 100], [1_000, 10], [2_000, 20], [3_000, 100])).toEqual([
      [0, undefined, undefined],
      [0.1, 10, 9_000],
      [0.2, 10, 8_000],
      [1, expect.closeTo(31), 0],
    ]);
  });

  inVirtualTime("the rate is of late: each report counts for three tenths of it", async () => {
    const found = await estimates([0, 0, 1_000], [1_000, 100], [2_000, 100], [3_000, 300]);
    expect(found.slice(1)).toEqual([
      [0.1, 100, 9_000],
      [0.1, expect.closeTo(70), expect.closeTo(900_000 / 70)],
      [0.3, expect.closeTo(109), expect.closeTo(700_000 / 109)],
    ]);
  });

  inVirtualTime("a rate of 0 leaves open what remains", async () => {
    expect(await estimates([0, 5, 10], [1_000, 5])).toEqual([
      [0.5, undefined, undefined],
      [0.5, 0, undefined],
    ]);
  });

  inVirtualTime("more than the total counts as all of it, and nothing remains", async () => {
    expect(await estimates([0, 0, 10], [1_000, 25])).toEqual([
      [0, undefined, undefined],
      [1, 25, 0],
    ]);
  });

  inVirtualTime("without a total there is a rate only; a total may come, and change, later", async () => {
    expect(await estimates([0, 0], [1_000, 10], [2_000, 20, 40], [3_000, 30, 300])).toEqual([
      [undefined, undefined, undefined],
      [undefined, 10, undefined],
      [0.5, 10, 2_000],
      [0.1, 10, 27_000],
    ]);
  });

  inVirtualTime("backwards is a new beginning, also within one moment", async () => {
    expect(await estimates([0, 0, 100], [1_000, 50], [2_000, 10], [3_000, 15])).toEqual([
      [0, undefined, undefined],
      [0.5, 50, 1_000],
      [0.1, undefined, undefined],
      [0.15, 5, 17_000],
    ]);
    expect(await estimates([0, 0, 100], [1_000, 50], [1_000, 0], [2_000, 10])).toEqual([
      [0, undefined, undefined],
      [0.5, 50, 1_000],
      [0, undefined, undefined],
      [0.1, 10, 9_000],
    ]);
  });

  inVirtualTime(
    "of two reports in one moment the second is what is done; the rate is no infinity",
    async () => {
      expect(await estimates([0, 0, 100], [0, 40])).toEqual([
        [0, undefined, undefined],
        [0.4, undefined, undefined],
      ]);
      // A batch of ten at one moment, each second: ten a second.
      expect(await estimates([0, 0, 100], [1_000, 1], [1_000, 10], [2_000, 11], [2_000, 20])).toEqual([
        [0, undefined, undefined],
        [0.01, 1, 99_000],
        [0.1, 1, 90_000],
        [0.11, expect.closeTo(3.7), expect.closeTo(89_000 / 3.7)],
        [0.2, expect.closeTo(3.7), expect.closeTo(80_000 / 3.7)],
      ]);
    },
  );

  inVirtualTime("a total of 0 is done; what is endless has no fraction, and spoils nothing", async () => {
    expect(await estimates([0, 0, 0])).toEqual([[1, undefined, undefined]]);
    const endless = Number.POSITIVE_INFINITY;
    expect(await estimates([0, 0, endless], [1_000, 10], [2_000, endless, endless], [3_000, 30, 40])).toEqual(
      [
        [undefined, undefined, undefined],
        [undefined, 10, undefined],
        [undefined, 10, undefined],
        [0.75, 10, 1_000],
      ],
    );
  });
});

describeEverywhere("reports", (everywhere) => {
  everywhere("a message is the progress without a number, and before any report there is none", async () => {
    await new Cancellable().run((op) => {
      expect([op.context.progress, op.context.estimate]).toEqual([undefined, undefined]);
      op.reportProgress({ current: 1, total: 2 });
      op.reportProgress("cleaning up");
      expect(op.context.progress).toBe("cleaning up");
      expect(op.context.estimate?.fraction).toBe(0.5);
    });
  });

  everywhere("invalid numbers are refused and change nothing", async () => {
    await new Cancellable().run((op) => {
      const heard = vi.fn();
      op.onProgress(heard);
      const reporting = (progress: unknown) => () => op.reportProgress(wrong(progress));
      const shape = "a string or an object with current, total, message, phase, unit";
      expectThrows("RangeError", [
        [reporting({ current: Number.NaN }), "progress.current", "at least 0", "NaN"],
        [reporting({ total: Number.NaN }), "progress.total", "at least 0", "NaN"],
        [reporting({ current: -1, total: 5 }), "progress.current", "at least 0", "-1"],
      ]);
      expectThrows("TypeError", [
        [reporting({ current: "1" }), "progress.current", "a number", '"1"'],
        [reporting({ unit: 1 }), "progress.unit", "a string", "1"],
        [reporting(0.5), "progress", shape, "0.5"],
        [reporting(null), "progress", shape, "null"],
      ]);
      expect([op.context.progress, op.context.estimate, heard.mock.calls]).toEqual([
        undefined,
        undefined,
        [],
      ]);
    });
  });

  everywhere(
    "a report inside a shield reaches the operations above, and no operation stays shielded",
    async () => {
      const heard: unknown[] = [];
      const above = new Cancellable({ name: "above" }).onProgress((progress) => void heard.push(progress));
      const op = new Cancellable({ name: "op" }).onProgress((progress) => void heard.push(progress));
      const outcome = await above.settle(() =>
        op.settle(async () => {
          op.cancel();
          await op.shield(async (inner) => {
            inner.reportProgress("of the shield");
            await sleep(1);
            await inner.shield(() => currentOperation()?.reportProgress("of a shield in it"));
          });
          await shield(async () => op.reportProgress("in a scope"));
          expect(op.status).toBe("running");
          await sleep(1);
        }),
      );
      expect(outcome).toMatchObject({ value: { status: "cancelled" } });
      expect(heard).toEqual(
        ["of the shield", "of a shield in it", "in a scope"].flatMap((one) => [one, one]),
      );
      expect(op.status).toBe("cancelled");
    },
  );
});
