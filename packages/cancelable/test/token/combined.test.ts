import { expect } from "vitest";
import {
  Cancellable,
  CancellationToken,
  isCancellation,
  sleep,
  TimeoutCancellation,
} from "../../src/index.ts";
import { expectNoLeaks } from "../../src/testing/index.ts";
import { describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { expectThrows, wrong } from "../refusals.ts";

type State = "live" | "cancelled" | "closed" | "cancelled, closed" | "none" | "expired" | "limit";

function tokenOf(state: State): CancellationToken {
  if (state === "none") return CancellationToken.none;
  if (state === "expired") return CancellationToken.withTimeout(0);
  const token = state === "limit" ? CancellationToken.withTimeout(30) : new CancellationToken();
  if (state.startsWith("cancelled")) token.cancel("quota", "no credit");
  if (state.endsWith("closed")) token.close();
  return token;
}

/** Each row: the parts, and the reasons of any-of and all-of at once, and after 30 ms. */
const table: ReadonlyArray<
  readonly [parts: State[], now: [any?: string, all?: string], later: [any?: string, all?: string]]
> = [
  [["cancelled"], ["quota", "quota"], ["quota", "quota"]],
  [["cancelled, closed"], ["quota", "quota"], ["quota", "quota"]],
  [["closed"], [], []],
  [["none"], [], []],
  [["live"], [], []],
  [["expired"], ["timeout", "timeout"], ["timeout", "timeout"]],
  [["limit"], [], ["timeout", "timeout"]],
  [["live", "cancelled"], ["quota"], ["quota"]],
  [["closed", "cancelled"], ["quota"], ["quota"]],
  [["none", "limit"], [], ["timeout"]],
  [
    ["cancelled", "expired"],
    ["quota", "timeout"],
    ["quota", "timeout"],
  ],
  [
    ["expired", "cancelled"],
    ["timeout", "quota"],
    ["timeout", "quota"],
  ],
  [["cancelled", "limit"], ["quota"], ["quota", "timeout"]],
  [["limit", "limit"], [], ["timeout", "timeout"]],
];

describeEverywhere("any and all of tokens (VERB-34)", (everywhere) => {
  everywhere("anyOf follows the first part, allOf the last one, and closed parts never count", async (t) => {
    for (const [parts, now, later] of table) {
      const any = CancellationToken.anyOf(...parts.map(tokenOf));
      const all = CancellationToken.allOf(...parts.map(tokenOf));
      const reasons = (): unknown => [any.reason, all.reason];
      // On a machine that stands still a limit can pass before the look at it.
      if (!parts.includes("limit") || t.backend.name === "virtual")
        expect([parts, reasons()]).toEqual([parts, [now[0], now[1]]]);
      if (parts.includes("limit")) await sleep(35);
      expect([parts, reasons()]).toEqual([parts, [later[0], later[1]]]);
      for (const token of [any, all]) {
        expect(token.cancel()).toBe(token.reason === "manual");
        token.close();
      }
    }
  });

  everywhere("the message is the part's, and its error is the cause", () => {
    const part = new CancellationToken();
    const other = new CancellationToken();
    const any = CancellationToken.anyOf(part, other);
    const all = CancellationToken.allOf(part, other);
    part.cancel("quota", "no credit");
    expect([any.message, any.error?.cause, all.isCancelled]).toEqual(["no credit", part.error, false]);
    other.cancel("shutdown", "deploying");
    expect([all.message, all.error?.cause]).toEqual(["deploying", other.error]);
    expect(isCancellation(any.error, part)).toBe(true);
  });

  everywhere("a combination that is cancelled or closed leaves its parts", async () => {
    const part = CancellationToken.withTimeout(60_000);
    await expectNoLeaks(() => {
      const cancelled = CancellationToken.anyOf(part, CancellationToken.none);
      const closed = CancellationToken.allOf(part);
      cancelled.cancel();
      closed.close();
      expect(part.node.waiters).toBeUndefined();
    });
    part.close();
  });

  everywhere("no part, and a part that is no token, are refused by name", () => {
    for (const combine of [CancellationToken.anyOf, CancellationToken.allOf]) {
      expectThrows("RangeError", [[() => combine(), "tokens", "at least one CancellationToken", "[]"]]);
      expectThrows("TypeError", [
        [
          () => combine(CancellationToken.none, wrong(new AbortController().signal)),
          "tokens[1]",
          "a CancellationToken",
          "an instance of AbortSignal",
        ],
      ]);
    }
  });
});

describeEverywhere("a token with a time limit (VERB-34)", (everywhere) => {
  everywhere(
    "a token is cancelled when the time has passed, and cancels its followers",
    async ({ backend, expectElapsed }) => {
      const token = CancellationToken.withTimeout({ milliseconds: 20 });
      expect(token.isClosed).toBe(false);
      if (backend.name === "virtual") expect(token.isCancelled).toBe(false);
      const error = await rejection(Cancellable.withToken(token).run(() => sleep(60_000)));
      expectElapsed(20);
      expect(error).toMatchObject({ reason: "timeout", cause: token.error });
      expect(token.error).toBeInstanceOf(TimeoutCancellation);
      expect(token.error).toMatchObject({ timeoutMs: 20, message: "Operation timed out after 20 ms" });
    },
  );

  everywhere("after blocking work, the next look at the token sees that the time has passed", ({ block }) => {
    const [looked, checked] = [CancellationToken.withTimeout(5), CancellationToken.withTimeout(5)];
    block(6);
    expect(looked.isCancelled).toBe(true);
    expect(() => checked.check()).toThrow(TimeoutCancellation);
  });

  everywhere("a token that is cancelled or closed before has no timer", async () => {
    await expectNoLeaks(() => {
      const [cancelled, closed, none] = [60_000, 60_000, null].map(CancellationToken.withTimeout);
      expect(cancelled?.cancel("shutdown")).toBe(true);
      closed?.close();
      expect([cancelled?.reason, closed?.isCancelled, none?.isCancelled]).toEqual(["shutdown", false, false]);
    });
  });

  everywhere("a span that is none is refused by name", () => {
    expectThrows("RangeError", [
      [() => CancellationToken.withTimeout(Number.NaN), "span", "a number of milliseconds", "NaN"],
    ]);
    expectThrows("TypeError", [
      [
        () => CancellationToken.withTimeout(wrong("5 s")),
        "span",
        "milliseconds, a Duration such as { seconds: 5 }, or null",
        '"5 s"',
      ],
    ]);
  });
});

inVirtualTime("a token with a time limit is cancelled at its time (VERB-34)", async ({ elapsed }) => {
  const token = CancellationToken.withTimeout({ hours: 1 });
  await token.waitForCancel();
  expect(elapsed()).toBe(3_600_000);
});
