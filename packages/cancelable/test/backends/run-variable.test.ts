import { expect } from "vitest";
import { Cancellable, moveOnAfter, RunVariable, run, sleep, taskGroup } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { usage } from "../until.ts";

describeEverywhere("RunVariable", (everywhere) => {
  everywhere("a value is seen in the whole run, and in no other run (CONF-S05)", async ({ backend }) => {
    const count = new RunVariable<number>("count");
    const main = async (from: number): Promise<void> => {
      expect(() => count.get()).toThrow(expect.objectContaining(usage("ERR_NOT_SET")));
      count.set(from);
      await taskGroup(async (group) => {
        for (let i = 0; i < 3; i++) {
          group.startSoon(async () => {
            await sleep(i);
            await moveOnAfter(1_000, () =>
              Cancellable.withTimeout(1_000).run(() => void count.set(count.get() + 1)),
            );
          });
        }
      });
      expect(count.get()).toBe(from + 3);
    };
    // Concurrent runs, and runs in sequence.
    await Promise.all([run(() => main(10), { backend }), run(() => main(20), { backend })]);
    await run(() => main(30), { backend });
    expect(() => count.get()).toThrow('The run variable "count" has no value in this run');
  });

  everywhere("a run inside another run has values of its own", async ({ backend }) => {
    const name = new RunVariable("name", "nobody");
    name.set("outer");
    await run(
      () => {
        expect(name.get()).toBe("nobody");
        name.set("inner");
      },
      { backend },
    );
    expect(name.get()).toBe("outer");
  });

  everywhere("an unset variable has its default, which may be undefined; equal names share nothing", () => {
    const one = new RunVariable<number | undefined>("same", undefined);
    const two = new RunVariable("same", 2);
    expect([one.get(), two.get()]).toEqual([undefined, 2]);
    one.set(3);
    expect([one.get(), two.get()]).toEqual([3, 2]);
  });

  everywhere("a token restores the previous value once, and only for its own variable (CONF-S05)", () => {
    const one = new RunVariable<number>("one");
    const two = new RunVariable<number>("two");
    const token = one.set(1);
    const again = one.set(2);
    expect(() => two.reset(again)).toThrow(/^token must be a token of the run variable "two"/);
    expect(() => one.reset(undefined as never)).toThrow(/^token must be a token of the run variable "one"/);
    one.reset(again);
    expect(one.get()).toBe(1);
    expect(() => one.reset(again)).toThrow(expect.objectContaining(usage("ERR_ENDED")));
    expect(one.get()).toBe(1);
    one.reset(token);
    expect(() => one.get()).toThrow(expect.objectContaining(usage("ERR_NOT_SET")));
  });

  everywhere("with `using` the value lasts until the end of the block", () => {
    const level = new RunVariable("level", 3);
    {
      using token = level.set(4);
      {
        using _inner = level.set(5);
        expect(level.get()).toBe(5);
      }
      expect(level.get()).toBe(4);
      // Reset by hand: the end of the block has nothing to do.
      level.reset(token);
      level.set(6);
    }
    expect(level.get()).toBe(6);
  });

  everywhere("a variable has a name", () => {
    for (const wrong of [undefined, 5, null]) {
      expect(() => new RunVariable(wrong as unknown as string)).toThrow(/^name must be a string/);
    }
  });
});
