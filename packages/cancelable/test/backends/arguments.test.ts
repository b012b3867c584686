import { expect, vi } from "vitest";
import { getBackend, registerBackend, run, setReporter } from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectRejects, expectThrows, wrong } from "../refusals.ts";

const ms = "a number of milliseconds";

const moment = "a Date or epoch milliseconds";

describeEverywhere("run, backends and the reporter refuse wrong arguments", (everywhere) => {
  everywhere("wrong arguments are refused, and main is not called", async () => {
    const main = vi.fn();
    await expectRejects("TypeError", [
      [() => run(wrong(5)), "main", "a function", "5"],
      [() => run(main, wrong(5)), "options", "an object", "5"],
      [() => run(main, { backend: wrong({}) }), "options.backend", "an AsyncBackend", "{}"],
      [() => run(main, { backend: wrong(null) }), "options.backend", "an AsyncBackend", "null"],
    ]);
    expectThrows("TypeError", [
      [() => getBackend(wrong(5)), "name", "a string", "5"],
      [() => registerBackend(wrong("native")), "backend", "an AsyncBackend", '"native"'],
      [() => setReporter(wrong(undefined)), "reporter", "a function", "undefined"],
      [() => new VirtualBackend(wrong(5)), "options", "an object", "5"],
      [() => new VirtualBackend({ epoch: wrong("2000") }), "options.epoch", moment, '"2000"'],
      [() => new VirtualBackend({ seed: wrong("1") }), "options.seed", "a number", '"1"'],
      [() => new VirtualBackend().hold(wrong(5)), "work", "a promise", "5"],
    ]);
    const finite = "at least 0, and finite";
    expectThrows("RangeError", [
      [() => new VirtualBackend({ seed: 1.5 }), "options.seed", "a whole number", "1.5"],
      [() => new VirtualBackend({ seed: Number.NaN }), "options.seed", "a whole number", "NaN"],
      [() => new VirtualBackend().pass(-1), "span", finite, "-1"],
      [() => new VirtualBackend().pass(Number.POSITIVE_INFINITY), "span", finite, "Infinity"],
    ]);
    await expectRejects("RangeError", [
      [() => new VirtualBackend().advance(-1), "span", finite, "-1"],
      [() => new VirtualBackend().advance(Number.NaN), "span", ms, "NaN"],
    ]);
    expect(main).not.toHaveBeenCalled();
  });
});
