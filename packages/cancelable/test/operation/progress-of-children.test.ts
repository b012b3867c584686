import { expect } from "vitest";
import {
  Cancellable,
  type CancellableOptions,
  OperationRegistry,
  shield,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectThrows, wrong } from "../refusals.ts";
import { endAll, names, readUntil, running } from "../registry/running.ts";

const fraction = (op: Cancellable): number | undefined => op.context.estimate?.fraction;

describeEverywhere("progressFrom: children", (everywhere) => {
  const whole: CancellableOptions = { progressFrom: "children" };
  /** Starts a child that has reported this fraction. */
  const child = (done: number, options: CancellableOptions = {}): ReturnType<typeof running> => {
    const one = running(options);
    if (done > 0) one.op.reportProgress({ current: done, total: 1 });
    return one;
  };

  everywhere(
    "a callback of the operation above reads the progress with the report that it is called for",
    async () => {
      const heard: (number | undefined)[] = [];
      await new Cancellable(whole).run(async (op) => {
        op.onProgress(() => heard.push(fraction(op)));
        const one = child(0);
        one.op.reportProgress({ current: 1, total: 4 });
        one.op.reportProgress({ current: 3, total: 4 });
        await one.end();
      });
      expect(heard).toEqual([0.25, 0.75]);
    },
  );

  everywhere("each child counts with its weight, 1 by default", async () => {
    await new Cancellable(whole).run(async (op) => {
      expect(fraction(op)).toBeUndefined();
      const heavy = child(0, { progressWeight: 3 });
      expect(fraction(op)).toBe(0);
      const light = child(0.5);
      expect(fraction(op)).toBe(0.125);
      heavy.op.reportProgress({ current: 50, total: 100 });
      expect(fraction(op)).toBe(0.5);
      heavy.op.reportProgress({ current: 500, total: 100 });
      expect(fraction(op)).toBe(0.875);
      heavy.op.reportProgress({ current: 0, total: 100 });
      expect(fraction(op)).toBe(0.125);
      await heavy.end();
      expect(fraction(op)).toBe(0.875);
      await light.end();
      expect(fraction(op)).toBe(1);
    });
  });

  everywhere("progress that was made before the parent started to follow counts", async () => {
    await new Cancellable(whole).run(async (op) => {
      const middle = new Cancellable({ ...whole, parent: op });
      const part = child(0.5, { parent: middle });
      expect([fraction(middle), fraction(op)]).toEqual([0.5, 0.5]);
      await middle.run(async () => {
        expect([fraction(middle), fraction(op)]).toEqual([0.5, 0.5]);
        await part.end();
        expect([fraction(middle), fraction(op)]).toEqual([1, 1]);
      });
      expect(fraction(op)).toBe(1);
    });
  });

  everywhere("a child that moves to another operation counts there from its next report on", async () => {
    await new Cancellable(whole).run(async (op) => {
      await taskGroup(async (group) => {
        const one = child(0);
        let part = one;
        await new Cancellable(whole).run(async (starter) => {
          await group.start<void>((started) => {
            part = child(0.25);
            expect([fraction(starter), fraction(op)]).toEqual([0.25, 0.125]);
            started();
            return part.outcome;
          });
          expect(part.op.parent).toBe(op);
          part.op.reportProgress({ current: 0.5, total: 1 });
          expect(fraction(starter)).toBe(0.25);
        });
        // The starter has completed; of the other children one is half done and one has done nothing.
        expect(fraction(op)).toBe(0.5);
        await endAll([one, part]);
      });
      expect(fraction(op)).toBe(1);
    });
  });

  everywhere("a child without a report counts when it has ended", async () => {
    await new Cancellable(whole).run(async (op) => {
      const all = [1, 2, 3, 4].map(() => running({}));
      for (const [index, one] of all.entries()) {
        await one.end();
        expect(fraction(op)).toBe((index + 1) / 4);
      }
    });
  });

  everywhere("a child that failed or was cancelled counts with its last report", async () => {
    await new Cancellable(whole).run(async (op) => {
      const [failed, cancelled, done] = [child(0.5), child(0.25), child(0)] as const;
      await failed.fail(new Error("broken"));
      cancelled.op.cancel();
      await cancelled.outcome;
      await done.end();
      expect(fraction(op)).toBeCloseTo(1.75 / 3);
    });
  });

  everywhere(
    "progress adds up through two levels, and deeper operations count through their parent only",
    async () => {
      await new Cancellable(whole).run(async (top) => {
        const other = running({});
        await new Cancellable({ ...whole, progressWeight: 3 }).run(async (middle) => {
          const [first, second] = [child(0.5), running({ progressWeight: 3 })];
          second.op.reportProgress({ current: 1, total: 2 });
          expect(fraction(middle)).toBe(0.5);
          expect(fraction(top)).toBe(0.375);
          await new Cancellable({ parent: first.op }).run((deep) =>
            deep.reportProgress({ current: 1, total: 1 }),
          );
          expect([fraction(first.op), fraction(middle), fraction(top)]).toEqual([0.5, 0.5, 0.375]);
          await first.end();
          expect([fraction(middle), fraction(top)]).toEqual([0.625, 0.46875]);
          await second.fail(new Error("broken"));
        });
        expect(fraction(top)).toBe(0.75);
        await other.end();
        expect(fraction(top)).toBe(1);
      });
    },
  );

  everywhere("a child inside a scope's shield counts", async () => {
    await new Cancellable(whole).run(async (op) => {
      const other = running({});
      await shield(() => new Cancellable().run((inner) => inner.reportProgress({ current: 1, total: 2 })));
      expect(fraction(op)).toBe(0.5);
      await other.end();
    });
  });

  everywhere("rounding never makes the sum exceed 1 or fall below 0", async () => {
    await new Cancellable(whole).run(async (op) => {
      const one = running({ progressWeight: 0.7 });
      for (let i = 1; i <= 11; i++) one.op.reportProgress({ current: i % 11, total: 10 });
      expect(fraction(op)).toBe(0);
      await one.end();
      expect(fraction(op)).toBe(1);
    });
    await new Cancellable(whole).run(async (op) => {
      const one = running({ progressWeight: 3 });
      for (let i = 1; i <= 11; i++) one.op.reportProgress({ current: i, total: 11 });
      expect(fraction(op)).toBe(1);
      await one.end();
      expect(fraction(op)).toBe(1);
    });
  });

  everywhere("without progressFrom the progress is the operation's own report", async () => {
    await new Cancellable().run(async (op) => {
      op.reportProgress({ current: 1, total: 4 });
      await child(0.5, { progressWeight: 7 }).end();
      expect(fraction(op)).toBe(0.25);
    });
  });

  everywhere("a watcher learns of the parent's progress when a child reports", async () => {
    const register = new OperationRegistry();
    const events = register.watch({ throttle: 0 });
    await new Cancellable({ ...whole, name: "parent", register }).run(async (op) => {
      const one = running({});
      one.op.reportProgress({ current: 1, total: 4 });
      expect(register.list({ name: "parent" })).toMatchObject([{ estimate: { fraction: 0.25 } }]);
      await one.end();
      expect(fraction(op)).toBe(1);
    });
    expect(await readUntil(events, "ended parent")).toContain("progress parent");
    expect(names(register.history())).toEqual(["parent"]);
    expect(register.history()[0]?.estimate?.fraction).toBe(1);
  });

  everywhere("a cancelled operation keeps the progress of its children", async () => {
    const op = new Cancellable(whole);
    const outcome = op.settle(async () => {
      child(0.5);
      await sleepForever();
    });
    op.cancel();
    expect((await outcome).status).toBe("cancelled");
    expect(fraction(op)).toBe(0.5);
  });

  everywhere("an invalid weight and an invalid progressFrom are refused", () => {
    const making = (options: unknown) => () => new Cancellable(wrong(options));
    const limits = "above 0 and finite";
    expectThrows("RangeError", [
      [making({ progressWeight: 0 }), "options.progressWeight", limits, "0"],
      [making({ progressWeight: -1 }), "options.progressWeight", limits, "-1"],
      [making({ progressWeight: Number.NaN }), "options.progressWeight", limits, "NaN"],
      [making({ progressWeight: Number.POSITIVE_INFINITY }), "options.progressWeight", limits, "Infinity"],
    ]);
    expectThrows("TypeError", [
      [making({ progressWeight: "1" }), "options.progressWeight", "a number", '"1"'],
      [making({ progressWeight: null }), "options.progressWeight", "a number", "null"],
      [making({ progressFrom: "parent" }), "options.progressFrom", '"children"', '"parent"'],
      [making({ progressFrom: true }), "options.progressFrom", '"children"', "true"],
    ]);
  });
});

describeEverywhere("the parts of an operation's progress", (everywhere) => {
  const whole = (): Cancellable => new Cancellable({ progressFrom: "children" });
  const fractionOf = (op: Cancellable): number | undefined => op.context.estimate?.fraction;

  everywhere("a grandchild counts at the top as soon as it starts", async () => {
    const top = whole();
    await top.run(async () => {
      const middle = whole();
      await middle.run(async () => {
        await new Cancellable().run(() => {});
        expect([fractionOf(middle), fractionOf(top)]).toEqual([1, 1]);
        await new Cancellable().run(() => expect([fractionOf(middle), fractionOf(top)]).toEqual([0.5, 0.5]));
      });
    });
  });

  everywhere("a shield is not a part, and the operations inside are", async () => {
    const top = whole();
    await top.run(async () => {
      await top.shield(async () => {
        await new Cancellable().run((op) => {
          op.reportProgress({ current: 1, total: 4 });
          expect(fractionOf(top)).toBe(0.25);
        });
      });
      expect(fractionOf(top)).toBe(1);
    });
  });

  everywhere("a report after the end changes nothing", async () => {
    const top = whole();
    await top.run(async () => {
      const child = new Cancellable();
      await child.run(() => {});
      child.reportProgress({ current: 1, total: 3 });
      expect(fractionOf(top)).toBe(1);
    });
  });
});
