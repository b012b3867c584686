import { Cancellable, CancelScope, shield, sleep, sleepForever } from "@hother/cancelable";
import { fromCancellable, toCancellable } from "@hother/cancelable-backends/effection";
import { call, sleep as pause, run, suspend } from "effection";
import { describe, expect, test } from "vitest";
import { deferred, rejection, turn } from "../support.ts";

describe("known traps of Effection that the library cannot remove", () => {
  test("an error of a halted body comes out of halt() when library code throws it", async () => {
    const broken = new Error("in finally");
    const task = run(function* () {
      try {
        yield* suspend();
      } finally {
        yield* fromCancellable(new Cancellable(), () => Promise.reject(broken));
      }
    });
    await turn();
    expect(await rejection(task.halt())).toBe(broken);
  });

  test("finally blocks of a halted task run after fromCancellable, but before a raw call (difference)", async () => {
    const slow = (order: string[]) => async (): Promise<void> => {
      try {
        await sleepForever();
      } finally {
        await shield(() => sleep(1));
        order.push("library code has cleaned up");
      }
    };
    const orders: string[][] = [];
    for (const operation of [
      (order: string[]) => fromCancellable(new Cancellable(), slow(order)),
      (order: string[]) => call(() => new CancelScope().run(slow(order))),
    ]) {
      const order: string[] = [];
      orders.push(order);
      const task = run(function* () {
        try {
          yield* operation(order);
        } finally {
          order.push("finally");
        }
      });
      await turn();
      await task.halt();
    }
    expect(orders).toEqual([
      ["library code has cleaned up", "finally"],
      ["finally", "library code has cleaned up"],
    ]);
  });

  test("an error in the clean-up of a raw call is lost (difference)", async () => {
    const task = run(() =>
      call(() =>
        new CancelScope().run(async () => {
          try {
            await sleepForever();
          } finally {
            throw new Error("could not release");
          }
        }),
      ),
    );
    await turn();
    await task.halt();
    expect(await rejection(task)).toMatchObject({ message: "halted" });
  });

  test("the promise of a halted generator that waits in `finally` rejects with the cancellation, not with undefined", async () => {
    const op = new Cancellable();
    const running = rejection(
      toCancellable(function* () {
        try {
          yield* suspend();
        } finally {
          yield* pause(1);
        }
      }, op),
    );
    await turn();
    op.cancel("shutdown");
    expect(await running).toBe(op.token.error);
  });

  test("every nested finally block with `yield*` runs, in order, with library code inside", async () => {
    const order: string[] = [];
    const task = run(function* () {
      try {
        try {
          try {
            yield* suspend();
          } finally {
            yield* fromCancellable(new Cancellable(), () => sleep(1));
            order.push("inner");
          }
        } finally {
          yield* call(() => shield(() => sleep(1)));
          order.push("middle");
        }
      } finally {
        yield* pause(0);
        order.push("outer");
      }
    });
    await turn();
    await task.halt();
    expect(order).toEqual(["inner", "middle", "outer"]);
  });

  test("async generators that library code reads are closed when the task is halted", async () => {
    const order: string[] = [];
    async function* numbers(): AsyncGenerator<number> {
      try {
        for (let i = 0; ; i++) {
          await sleep(1);
          yield i;
        }
      } finally {
        order.push("closed");
      }
    }
    const first = deferred();
    const task = run(() =>
      fromCancellable(new Cancellable(), async () => {
        for await (const _ of numbers()) first.resolve();
      }),
    );
    await first.promise;
    await task.halt();
    expect(order).toEqual(["closed"]);
  });
});
