import { Cancellable, shield, sleep, sleepForever } from "@hother/cancelable";
import { fromCancellable } from "@hother/cancelable-backends/effection";
import { type Operation, sleep as pause, race, run, scoped, spawn, suspend, until } from "effection";
import { describe, expect, test } from "vitest";
import { deferred, rejection, turn } from "../support.ts";

describe("fromCancellable: halting", () => {
  test("the operation is cancelled with reason `parent`, and the error names the halted task", async () => {
    const op = new Cancellable();
    const task = run(() => fromCancellable(op, () => sleepForever()));
    await turn();
    await task.halt();
    expect(op.token).toMatchObject({ reason: "parent", message: "its Effection task was halted" });
    expect(op.context.status).toBe("cancelled");
    expect(await rejection(task)).toMatchObject({ message: "halted" });
  });

  test("the halt waits for slow clean-up under a shield, also a second halt", async () => {
    const cleaning = deferred();
    const release = deferred();
    let cleaned = false;
    const task = run(() =>
      fromCancellable(new Cancellable(), async () => {
        try {
          await sleepForever();
        } finally {
          await shield(async () => {
            cleaning.resolve();
            await release.promise;
            await sleep(1);
          });
          cleaned = true;
        }
      }),
    );
    await turn();
    const halted: string[] = [];
    const first = Promise.resolve(task.halt()).then(() => halted.push("first"));
    await cleaning.promise;
    const second = Promise.resolve(task.halt()).then(() => halted.push("second"));
    await turn();
    expect(halted).toEqual([]);
    expect(cleaned).toBe(false);
    release.resolve();
    await Promise.all([first, second]);
    expect(cleaned).toBe(true);
  });

  test("an error in the clean-up comes out of halt()", async () => {
    const broken = new Error("could not release");
    const task = run(() =>
      fromCancellable(new Cancellable(), async () => {
        try {
          await sleepForever();
        } finally {
          await shield(() => sleep(1));
          throw broken;
        }
      }),
    );
    await turn();
    expect(await rejection(task.halt())).toBe(broken);
    expect(await rejection(task)).toBe(broken);
  });

  test("a halt from inside another operation returns when everything is cleaned up", async () => {
    const order: string[] = [];
    await run(function* () {
      const task = yield* spawn(() =>
        fromCancellable(new Cancellable(), async () => {
          try {
            await sleepForever();
          } finally {
            await shield(() => sleep(1));
            order.push("cleaned");
          }
        }),
      );
      yield* pause(1);
      yield* task.halt();
      order.push("halted");
    });
    expect(order).toEqual(["cleaned", "halted"]);
  });

  test("a body that swallows the cancellation has ended before the halt returns", async () => {
    const op = new Cancellable();
    const task = run(() => fromCancellable(op, () => sleepForever().catch(() => "kept")));
    await turn();
    await task.halt();
    expect(op.context.status).toBe("completed");
  });

  test("a loser of a race has cleaned up when the race ends", async () => {
    const order: string[] = [];
    const winner = await run(() =>
      race([
        fromCancellable(new Cancellable(), async () => {
          try {
            await sleepForever();
          } finally {
            await shield(() => sleep(2));
            order.push("cleaned");
          }
        }),
        (function* (): Operation<string> {
          yield* pause(1);
          return "won";
        })(),
      ]),
    );
    order.push(String(winner));
    expect(order).toEqual(["cleaned", "won"]);
  });

  test("an error of a sibling task halts the operation, and comes out after the clean-up", async () => {
    const order: string[] = [];
    const wrong = new Error("beside it");
    const op = new Cancellable();
    const error = await rejection(
      run(function* () {
        yield* spawn(function* () {
          yield* pause(1);
          throw wrong;
        });
        yield* fromCancellable(op, async () => {
          try {
            await sleepForever();
          } finally {
            await shield(() => sleep(2));
            order.push("cleaned");
          }
        });
      }),
    );
    order.push("ended");
    expect(order).toEqual(["cleaned", "ended"]);
    expect(error).toBe(wrong);
    expect(op.token).toMatchObject({ reason: "parent", message: "its Effection task was halted" });
  });

  test("a halt in any microtask around the end of the body ends the task", async () => {
    for (let microtasks = 0; microtasks < 8; microtasks++) {
      const op = new Cancellable();
      const work = deferred<number>();
      const task = run(() => fromCancellable(op, () => work.promise));
      await turn();
      work.resolve(1);
      for (let i = 0; i < microtasks; i++) await undefined;
      await task.halt();
      expect(op.context.status).toBe("completed");
    }
  });

  test("the end of the scope in which the task was spawned halts the task", async () => {
    const op = new Cancellable();
    await run(() =>
      scoped(function* () {
        yield* spawn(() => fromCancellable(op, () => sleepForever()));
        yield* until(turn());
      }),
    );
    expect(op.token.reason).toBe("parent");
    expect(op.context.status).toBe("cancelled");
  });

  test("a halt before the body's first await, or before the start, is not lost", async () => {
    const op = new Cancellable();
    const task = run(() => fromCancellable(op, () => sleepForever()));
    await task.halt();
    expect(op.isRunning).toBe(false);
    let started = false;
    const never = run(function* () {
      yield* suspend();
      yield* fromCancellable(new Cancellable(), () => {
        started = true;
      });
    });
    await never.halt();
    expect(started).toBe(false);
  });

  test("the finally block of an operation that the body returned runs once and is waited for", async () => {
    const order: string[] = [];
    const task = run(() =>
      fromCancellable(new Cancellable(), function* (): Operation<void> {
        try {
          yield* suspend();
        } finally {
          yield* pause(1);
          order.push("finally");
        }
      }),
    );
    await turn();
    await task.halt();
    expect(order).toEqual(["finally"]);
  });

  test("an error in the finally block of an operation that the body returned comes out of halt()", async () => {
    const broken = new Error("could not release");
    const task = run(() =>
      fromCancellable(new Cancellable(), function* (): Operation<void> {
        try {
          yield* suspend();
        } finally {
          throw broken;
        }
      }),
    );
    await turn();
    expect(await rejection(task.halt())).toBe(broken);
  });
});
