import { expect } from "vitest";
import { CancelScope, run, sleep, taskGroup } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { expectRejects, expectThrows, thrown, wrong } from "../refusals.ts";

const reasons = 'a word such as "shutdown", of lower-case letters and hyphens';

const span = "milliseconds, a Duration such as { seconds: 5 }, or null";

const moment = "a Date or epoch milliseconds";

const promised = "a function, such as () => promise";

const ms = "a number of milliseconds";

describeEverywhere("a task group refuses wrong arguments", (everywhere) => {
  everywhere("a child that is no function is refused, and the group goes on (CONF-E08)", async () => {
    await taskGroup(async (group) => {
      expectThrows("TypeError", [
        [() => group.startSoon(wrong(undefined)), "fn", "a function", "undefined"],
        [() => group.startSoon(wrong(Promise.resolve())), "fn", promised, "an instance of Promise"],
        [() => group.cancel(wrong("why not"), "x"), "reason", reasons, '"why not"'],
      ]);
      await expectRejects("TypeError", [[() => group.start(wrong(5)), "fn", "a function", "5"]]);
      expect([group.tasks, group.errors, group.scope.isCancelled]).toEqual([[], [], false]);
      await expect(group.startSoon(async () => "value")).resolves.toBe("value");
    });
  });
});

describeEverywhere("a promise where a function is expected", (everywhere) => {
  everywhere("its rejection is handled, because the caller gave the promise away", async () => {
    const rejected: unknown[] = [];
    const listen = (reason: unknown): void => void rejected.push(reason);
    process.on("unhandledRejection", listen);
    try {
      await taskGroup(async (group) => {
        expect(thrown(() => group.startSoon(wrong(sleep(60_000))))).toBeInstanceOf(TypeError);
        await rejection(group.start(wrong(sleep(60_000))));
        await rejection(taskGroup(wrong(sleep(60_000))));
        group.cancel();
      });
      // Rejections become unhandled in a later turn of the event loop.
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(rejected).toEqual([]);
    } finally {
      process.removeListener("unhandledRejection", listen);
    }
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
