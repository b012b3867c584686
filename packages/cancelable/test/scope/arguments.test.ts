import { expect } from "vitest";
import { CancelScope, run, sleep, taskGroup } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectRejects, expectThrows, wrong } from "../refusals.ts";

const reasons = 'a word such as "shutdown", of lower-case letters and hyphens';

const span = "milliseconds, a Duration or null";

const moment = "a Date or epoch milliseconds";

const ms = "a number of milliseconds";

describeEverywhere("a task group refuses wrong arguments", (everywhere) => {
  everywhere("a child that is no function is refused, and the group goes on (CONF-E08)", async () => {
    await taskGroup(async (group) => {
      expectThrows("TypeError", [
        [() => group.startSoon(wrong(undefined)), "fn", "a function", "undefined"],
        [() => group.startSoon(wrong(Promise.resolve())), "fn", "a function", "an instance of Promise"],
        [() => group.cancel(wrong("why not"), "x"), "reason", reasons, '"why not"'],
      ]);
      await expectRejects("TypeError", [[() => group.start(wrong(5)), "fn", "a function", "5"]]);
      expect([group.tasks, group.errors, group.scope.isCancelled]).toEqual([[], [], false]);
      await expect(group.startSoon(async () => "value")).resolves.toBe("value");
    });
  });
});

describeEverywhere("a scope refuses wrong arguments", (everywhere) => {
  everywhere("wrong options and properties are refused and change nothing (CONF-C09)", async () => {
    const scope = new CancelScope();
    scope.deadline = 1e12;
    expectThrows("TypeError", [
      [() => new CancelScope(wrong(5)), "options", "an object", "5"],
      [() => new CancelScope({ timeout: wrong("5") }), "options.timeout", span, '"5"'],
      [() => new CancelScope({ deadline: wrong("x") }), "options.deadline", moment, '"x"'],
      [() => new CancelScope({ name: wrong(1) }), "options.name", "a string", "1"],
      [() => new CancelScope({ token: wrong({}) }), "options.token", "a CancellationToken", "{}"],
      [() => new CancelScope({ token: [wrong({})] }), "options.token[0]", "a CancellationToken", "{}"],
      [() => new CancelScope({ signal: wrong(1) }), "options.signal", "an AbortSignal", "1"],
      [() => new CancelScope({ signal: [wrong(1)] }), "options.signal[0]", "an AbortSignal", "1"],
      [() => new CancelScope({ shield: wrong(1) }), "options.shield", "true or false", "1"],
      [() => Object.assign(scope, { deadline: null }), "deadline", ms, "null"],
      [() => Object.assign(scope, { shield: "yes" }), "shield", "true or false", '"yes"'],
    ]);
    expectThrows("RangeError", [
      [() => new CancelScope({ timeout: Number.NaN }), "options.timeout", ms, "NaN"],
      [
        () => new CancelScope({ deadline: Number.NaN }),
        "options.deadline",
        "a valid Date or epoch milliseconds",
        "NaN",
      ],
      [() => Object.assign(scope, { deadline: Number.NaN }), "deadline", ms, "NaN"],
    ]);
    expect([scope.deadline, scope.shield]).toEqual([1e12, false]);
    await expectRejects("TypeError", [[() => scope.run(wrong(5)), "body", "a function", "5"]]);
    await expect(scope.run(() => "still new")).resolves.toBe("still new");
    expect(await new CancelScope({ deadline: -5 }).run(() => sleep(0).then(() => "late"))).toBeUndefined();
  });
});
