import { expect, test } from "vitest";
import { Cancellable, CancellationToken, LinkedCancellationToken, sleepForever } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { runScript } from "../child.ts";

describeEverywhere("the signals of a cancellation (T4)", (everywhere) => {
  everywhere("all are aborted before any callback of onCancel runs", async () => {
    const outer = new Cancellable();
    await outer.settle(async () => {
      const inner = new Cancellable();
      await inner.settle(async () => {
        const seen: boolean[] = [];
        const signals = [outer.signal, inner.signal];
        outer.token.onCancel(() => seen.push(...signals.map(({ aborted }) => aborted)));
        for (const { aborted } of signals) expect(aborted).toBe(false);
        outer.cancel();
        expect(seen).toEqual([true, true]);
        await sleepForever();
      });
    });
  });

  everywhere("inside a listener of one signal all dependent signals are aborted, with their reasons", () => {
    const first = new CancellationToken();
    const second = new LinkedCancellationToken();
    const third = new LinkedCancellationToken();
    second.link(first);
    third.link(second, { preserveReason: true });
    const tokens = [first, second, third];
    const seen: unknown[] = [];
    for (const { signal } of tokens) {
      signal.addEventListener("abort", () => {
        seen.push(tokens.map((token) => [token.signal.aborted, token.signal.reason === token.error]));
        for (const token of tokens) expect(() => token.signal.throwIfAborted()).toThrow(token.error);
      });
    }
    first.cancel();
    const all = Array.from(tokens, () => [true, true]);
    expect(seen).toEqual([all, all, all]);
    for (const { signal, error } of tokens) {
      expect(Object.hasOwn(signal, "aborted") || Object.hasOwn(signal, "reason")).toBe(false);
      expect([signal.aborted, signal.reason]).toEqual([true, error]);
    }
  });

  everywhere(
    "everything that follows one foreign signal is cancelled before a callback of a user runs",
    () => {
      const controller = new AbortController();
      const tokens = [0, 1, 2].map(() => CancellationToken.from(controller.signal));
      const seen: boolean[][] = [];
      for (const token of tokens)
        token.onCancel(() => seen.push(tokens.map(({ isCancelled }) => isCancelled)));
      controller.abort();
      expect(seen).toEqual(tokens.map(() => [true, true, true]));
    },
  );

  everywhere("a chain of 3,000 callbacks that cancel the next token is cancelled completely (T5)", () => {
    for (const listen of [
      (token: CancellationToken, next: () => void) => void token.onCancel(next),
      (token: CancellationToken, next: () => void) => token.signal.addEventListener("abort", next),
    ]) {
      const tokens = Array.from({ length: 3_000 }, () => new CancellationToken());
      let calls = 0;
      for (const [index, token] of tokens.entries()) {
        listen(token, () => {
          calls++;
          const next = tokens[index + 1];
          next?.cancel();
          if (next !== undefined) expect([next.isCancelled, next.signal.aborted]).toEqual([true, true]);
        });
      }
      tokens[0]?.cancel();
      expect([calls, tokens.every(({ signal }) => signal.aborted)]).toEqual([3_000, true]);
      const again = new CancellationToken();
      again.onCancel(() => calls++);
      again.cancel();
      expect(calls).toBe(3_001);
    }
  });

  everywhere("a callback that cancels another token continues after the callbacks of that token (T5)", () => {
    const [first, second] = [new CancellationToken(), new CancellationToken()];
    const steps: string[] = [];
    second.onCancel(() => steps.push("second"));
    first.onCancel(() => {
      second.cancel();
      steps.push("first");
    });
    first.cancel();
    expect(steps).toEqual(["second", "first"]);
  });
});

describeEverywhere("a foreign signal is believed by its `aborted` (rule 27)", (everywhere) => {
  everywhere("a listener that stops the propagation of the event does not hide the abort", () => {
    const controller = new AbortController();
    controller.signal.addEventListener("abort", (event) => event.stopImmediatePropagation());
    const token = CancellationToken.from(controller.signal);
    controller.abort();
    expect(token.isCancelled).toBe(true);
  });

  everywhere("an event that other code dispatches cancels nothing, and a later abort does", () => {
    const controller = new AbortController();
    const token = CancellationToken.from(controller.signal);
    for (let i = 0; i < 3; i++) controller.signal.dispatchEvent(new Event("abort"));
    expect([token.isCancelled, controller.signal.aborted]).toEqual([false, false]);
    controller.abort();
    expect(token.isCancelled).toBe(true);
  });
});

describeEverywhere("waitForCancel()", (everywhere) => {
  everywhere("returns one promise for all calls, which resolves with the cancellation", async () => {
    const token = new CancellationToken();
    const first = token.waitForCancel();
    expect(token.waitForCancel()).toBe(first);
    token.cancel();
    await first;
    expect(token.waitForCancel()).toBe(first);
  });
});

test("many users of one signal cause no warning of a leak", async () => {
  const { code, output, errors } = await runScript(`
    import { setTimeout as delay } from "node:timers/promises";
    import { Cancellable, CancellationToken } from "@hother/cancelable";
    const token = new CancellationToken();
    const op = new Cancellable();
    const all = [token, op].flatMap(({ signal }) =>
      Array.from({ length: 20 }, () => delay(60_000, undefined, { signal }).catch((error) => error.name)));
    setTimeout(() => { token.cancel(); op.cancel(); }, 5);
    console.log(new Set(await Promise.all(all)).size);
  `);
  expect([code, output.trim(), errors]).toEqual([0, "1", ""]);
});
