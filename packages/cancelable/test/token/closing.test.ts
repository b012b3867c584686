import { getEventListeners } from "node:events";
import { expect, test, vi } from "vitest";
import { Cancellable, CancellationToken, LinkedCancellationToken, sleep } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { runScript } from "../child.ts";
import { expectUsageError, thrown } from "../refusals.ts";
import { usage } from "../until.ts";

describeEverywhere("a closed token (VERB-34)", (everywhere) => {
  everywhere("a closed token is not cancelled any more, and calls no callback", () => {
    const token = new CancellationToken();
    const callback = vi.fn();
    const early = token.onCancel(callback);
    expect(token.isClosed).toBe(false);
    token.close();
    expect(token.isClosed).toBe(true);
    const late = token.onCancel(callback);
    expect(token.cancel("shutdown")).toBe(false);
    token.close();
    token.check();
    expect([token.isCancelled, token.reason, token.error, token.signal.aborted]).toEqual([
      false,
      undefined,
      undefined,
      false,
    ]);
    expect(String(token)).toMatch(/, closed\)$/);
    early[Symbol.dispose]();
    late[Symbol.dispose]();
    expect(callback).not.toHaveBeenCalled();
  });

  everywhere(
    "waitForCancel of a closed token rejects, whether it came before or after the close",
    async () => {
      const token = new CancellationToken();
      const early = rejection(token.waitForCancel());
      token.close();
      expectUsageError(await early, "ERR_CLOSED", /^The token is closed\.$/);
      expect(await rejection(token.waitForCancel())).toBe(await early);
      const other = new CancellationToken();
      other.close();
      expect(await rejection(other.waitForCancel())).toMatchObject(usage("ERR_CLOSED"));
      expect(await rejection(CancellationToken.none.waitForCancel())).toMatchObject(usage("ERR_CLOSED"));
    },
  );

  everywhere("a token that was cancelled before the close stays cancelled", async () => {
    const token = new CancellationToken();
    token.cancel("quota", "no credit");
    token.close();
    await token.waitForCancel();
    expect([token.isCancelled, token.isClosed, token.reason]).toEqual([true, true, "quota"]);
  });

  everywhere("a closed token leaves the tokens and signals that it follows, and those that follow it", () => {
    const { signal } = new AbortController();
    const fromSignal = CancellationToken.from(signal);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    fromSignal.close();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    fromSignal[Symbol.dispose]();

    const [above, middle, below] = [0, 1, 2].map(() => new LinkedCancellationToken()) as [
      LinkedCancellationToken,
      LinkedCancellationToken,
      LinkedCancellationToken,
    ];
    middle.link(above);
    const link = below.link(middle);
    middle.close();
    expect(above.cancel()).toBe(true);
    expect([middle.isCancelled, below.isCancelled]).toEqual([false, false]);
    link[Symbol.dispose]();
    const late = new LinkedCancellationToken();
    late.link(middle);
    middle.link(late);
    late.cancel();
    expect(middle.isCancelled).toBe(false);
  });

  everywhere("an operation with a closed token runs as without it", async () => {
    const token = new CancellationToken();
    const outcome = await Cancellable.withToken(token, { token: CancellationToken.none }).settle(async () => {
      token.close();
      await sleep(1);
      return "done";
    });
    expect(outcome).toEqual({ status: "completed", value: "done" });
  });

  everywhere("the token of an operation closes with the operation, and only then", async () => {
    const operation = new Cancellable();
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    await operation.run(() => {
      operation.token.waitForCancel().then(settle, settle);
      expectUsageError(
        thrown(() => operation.token.close()),
        "ERR_OWNED",
        /Cancel the operation instead/,
      );
      expect(operation.token.isClosed).toBe(false);
    });
    expect(operation.token.isClosed).toBe(true);
    expect(operation.token.cancel()).toBe(false);
    await sleep(0);
    expect(settled).toBe(false);
  });
});

test("100,000 callbacks on a closed token and on CancellationToken.none leave the heap where it was (VERB-34)", async () => {
  const { code, output, errors } = await runScript(
    `
    import { CancellationToken } from "@hother/cancelable";
    // Deno frees the objects of a turn of the event loop after that turn.
    const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
    const heap = async () => { await turn(); gc(); gc(); return process.memoryUsage().heapUsed; };
    const closed = new CancellationToken();
    closed.close();
    const fill = (token) => { for (let i = 0; i < 100_000; i++) token.onCancel(() => i); };
    const emptied = () => { const token = new CancellationToken(); fill(token); token.close(); return token; };
    for (const token of [closed, CancellationToken.none]) fill(token);
    emptied();
    const before = await heap();
    for (const token of [closed, CancellationToken.none]) fill(token);
    const kept = emptied();
    console.log(Math.round((await heap() - before) / 1024), kept.isClosed);
    `,
    ["--expose-gc"],
  );
  expect(errors).toBe("");
  expect(code).toBe(0);
  expect(output).toMatch(/true/);
  // A callback takes 40 bytes at least: 300,000 of them would be 12 MB.
  expect(Number.parseInt(output, 10)).toBeLessThan(3_000);
});
