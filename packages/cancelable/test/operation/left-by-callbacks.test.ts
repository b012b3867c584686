import { expect } from "vitest";
import { Cancellable, sleep } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

describeEverywhere("an operation that a callback of the end starts below its operation", (everywhere) => {
  /** Starts an operation below `op` and does not wait for it. */
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

  everywhere("the inner operation ends before the completed operation settles", async () => {
    const order: string[] = [];
    const op = new Cancellable();
    await op.onComplete(leaves(op, order)).run(() => {});
    order.push("settled");
    expect(order).toEqual(["below completed", "settled"]);
  });

  everywhere("the inner operation ends before the disposal of the handle", async () => {
    const order: string[] = [];
    const op = new Cancellable();
    await op.onComplete(leaves(op, order)).start()[Symbol.asyncDispose]();
    order.push("disposed");
    expect(order).toEqual(["below completed", "disposed"]);
  });

  everywhere("the inner operation of a failed operation is cancelled and waited for", async (t) => {
    const order: string[] = [];
    const op = new Cancellable();
    await op.onError(leaves(op, order)).settle(() => Promise.reject(new Error("body")));
    order.push("settled");
    expect(order).toEqual(["below cancelled", "settled"]);
    if (t.backend.name === "virtual") t.expectElapsed(0);
  });
});
