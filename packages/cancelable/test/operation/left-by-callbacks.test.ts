import { expect } from "vitest";
import { Cancellable, sleep } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

describeEverywhere("what a callback of the end starts in the operation", (everywhere) => {
  /** Starts something below `op` and does not wait for it. */
  const leaves = (op: Cancellable, order: string[]) => () => {
    void new Cancellable({ parent: op }).settle(async () => {
      try {
        await sleep(10);
        order.push("below completed");
      } catch {
        order.push("below cancelled");
      }
    });
  };

  everywhere("ends before the operation that completed settles", async () => {
    const order: string[] = [];
    const op = new Cancellable();
    await op.onComplete(leaves(op, order)).run(() => {});
    order.push("settled");
    expect(order).toEqual(["below completed", "settled"]);
  });

  everywhere("ends before the handle's disposal does", async () => {
    const order: string[] = [];
    const op = new Cancellable();
    await op.onComplete(leaves(op, order)).start()[Symbol.asyncDispose]();
    order.push("disposed");
    expect(order).toEqual(["below completed", "disposed"]);
  });

  everywhere("is cancelled with the operation that failed, and waited for", async (t) => {
    const order: string[] = [];
    const op = new Cancellable();
    await op.onError(leaves(op, order)).settle(() => Promise.reject(new Error("body")));
    order.push("settled");
    expect(order).toEqual(["below cancelled", "settled"]);
    if (t.backend.name === "virtual") t.expectElapsed(0);
  });
});
