import { expect } from "vitest";
import { Cancellable, CancellationToken, CancelScope, LinkedCancellationToken } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectThrows, wrong } from "../refusals.ts";

const reasons = 'a word such as "shutdown", of lower-case letters and hyphens';

class Odd {}

describeEverywhere("tokens refuse wrong arguments", (everywhere) => {
  everywhere(
    "cancel() of tokens, operations and scopes refuses a wrong reason or message and cancels nothing",
    () => {
      for (const target of [new CancellationToken(), new Cancellable(), new CancelScope()]) {
        expectThrows("TypeError", [
          [() => target.cancel(wrong("Because")), "reason", reasons, '"Because"'],
          [() => target.cancel(wrong(null)), "reason", reasons, "null"],
          [() => target.cancel(wrong(new Odd())), "reason", reasons, "an instance of Odd"],
          [() => target.cancel("manual", wrong(5)), "message", "a string", "5"],
          [
            () => target.cancel("manual", wrong(new Error("x"))),
            "message",
            "a string",
            "an instance of Error",
          ],
        ]);
        expect(target.isCancelled).toBe(false);
      }
      for (const reason of [
        "",
        "-",
        "a-",
        "-a",
        "a--b",
        "a b",
        "Timeout",
        "timeout1",
        "zeit-überschritten",
      ]) {
        expect(() => new CancellationToken().cancel(reason)).toThrow(TypeError);
      }
      const op = new Cancellable();
      expectThrows("TypeError", [
        [() => op.cancel("manual", "x", wrong(false)), "options", "an object", "false"],
        [() => op.cancel("manual", "x", wrong(null)), "options", "an object", "null"],
      ]);
      expect(op.isCancelled).toBe(false);
    },
  );

  everywhere("onCancel, link and from refuse values of other types", () => {
    const token = new LinkedCancellationToken();
    const other = new CancellationToken();
    expectThrows("TypeError", [
      [() => token.onCancel(wrong(undefined)), "callback", "a function", "undefined"],
      [() => token.onCancel(wrong({ call: 1 })), "callback", "a function", '{"call":1}'],
      [() => token.link(wrong(undefined)), "other", "a CancellationToken", "undefined"],
      [() => token.link(wrong(token.signal)), "other", "a CancellationToken", "an instance of AbortSignal"],
      [() => token.link(other, wrong(true)), "options", "an object", "true"],
      [() => CancellationToken.from(wrong(null)), "signal", "an AbortSignal", "null"],
      [
        () => CancellationToken.from(wrong({ aborted: "no" })),
        "signal",
        "an AbortSignal",
        '{"aborted":"no"}',
      ],
      [
        () => CancellationToken.from(wrong(token)),
        "signal",
        "an AbortSignal",
        "an instance of LinkedCancellationToken",
      ],
    ]);
    other.cancel();
    expect(token.isCancelled).toBe(false);
  });
});
