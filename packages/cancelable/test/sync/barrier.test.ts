import { expect } from "vitest";
import { CancelScope, checkpoint, taskGroup } from "../../src/index.ts";
import { Barrier } from "../../src/sync/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { expectThrows, wrong } from "../refusals.ts";
import { until } from "../until.ts";

describeEverywhere("Barrier", (everywhere) => {
  everywhere("all parties pass when the last one comes, with their places (SYNC-11)", async () => {
    const barrier = new Barrier(3);
    const passed: string[] = [];
    await taskGroup(async (group) => {
      for (const name of ["a", "b"])
        group.startSoon(async () => void passed.push(`${name}${await barrier.wait()}`));
      await until(() => barrier.waiting === 2);
      expect(passed).toEqual([]);
      expect(await barrier.wait()).toBe(2);
    });
    expect([passed, barrier.waiting]).toEqual([["a0", "b1"], 0]);
  });

  everywhere("a cancelled party leaves, and the places are those of the others (SYNC-11)", async () => {
    const barrier = new Barrier(3);
    for (let round = 0; round < 2; round++) {
      const places: Record<string, number> = {};
      const left = new CancelScope();
      await taskGroup(async (group) => {
        const come = async (name: string): Promise<void> => {
          const expected = barrier.waiting + 1;
          group.startSoon(async () => {
            const wait = async (): Promise<void> => {
              places[name] = await barrier.wait();
            };
            await (name === "A" ? left.run(wait) : wait());
          });
          await until(() => barrier.waiting === expected || barrier.waiting === 0);
        };
        await come("A");
        await come("B");
        left.cancel();
        expect(barrier.waiting).toBe(1);
        await come("C");
        await come("D");
      });
      expect(places).toEqual({ B: 0, C: 1, D: 2 });
    }
  });

  everywhere(
    "a party that is cancelled after the last one has come passes, with the others (SYNC-12)",
    async () => {
      const barrier = new Barrier(3);
      const first = new CancelScope();
      const passed: number[] = [];
      let next: unknown;
      await taskGroup(async (group) => {
        group.startSoon(() =>
          first.run(async () => {
            passed.push(await barrier.wait());
            next = await rejection(checkpoint());
          }),
        );
        group.startSoon(async () => void passed.push(await barrier.wait()));
        await until(() => barrier.waiting === 2);
        const last = barrier.wait();
        first.cancel();
        passed.push(await last);
      });
      expect([passed.sort(), next]).toEqual([[0, 1, 2], first.error]);
    },
  );

  everywhere("a quick party that comes back is in the next round (SYNC-33)", async () => {
    const barrier = new Barrier(2);
    let slowHasRun = false;
    await taskGroup(async (group) => {
      const slow = group.startSoon(async () => {
        const first = await barrier.wait();
        slowHasRun = true;
        return [first, await barrier.wait()];
      });
      await until(() => barrier.waiting === 1);
      const quick = [barrier.wait(), barrier.wait()];
      expect([slowHasRun, barrier.waiting]).toEqual([false, 1]);
      expect(await Promise.all([...quick, slow])).toEqual([1, 0, [0, 1]]);
    });
  });

  everywhere("a barrier of one party lets every call pass, after a checkpoint", async () => {
    const barrier = new Barrier(1);
    expect([await barrier.wait(), await barrier.wait()]).toEqual([0, 0]);
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      await barrier.wait();
    });
    expect(scope.cancelledCaught).toBe(true);
  });

  everywhere("the number of parties must be a whole number of at least 1", () => {
    for (const n of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      expectThrows("RangeError", [
        [() => new Barrier(n), "parties", "a whole number of at least 1", String(n)],
      ]);
    expectThrows("TypeError", [
      [() => new Barrier(wrong("2")), "parties", "a number", '"2"'],
      [() => new Barrier(wrong(undefined)), "parties", "a number", "undefined"],
    ]);
  });
});
