import {
  Cancellable,
  CancelScope,
  currentOperation,
  detectBackend,
  getBackend,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
} from "@hother/cancelable";
import { effectionBackend, fromCancellable } from "@hother/cancelable-backends/effection";
import { call, type Operation, sleep as pause, run, scoped, spawn, until } from "effection";
import { describe, expect, test } from "vitest";
import { deferred, turn } from "../support.ts";

describe("library code in a raw operation", () => {
  test("Effection is detected at once, in a call and after every await, and no operation is ambient outside", async () => {
    expect(detectBackend()).toBe(getBackend("native"));
    const names = await run(function* () {
      const seen = [detectBackend().name];
      yield* pause(0);
      seen.push(detectBackend().name);
      seen.push(
        ...(yield* call(async () => {
          const inCall = detectBackend().name;
          await turn();
          return [inCall, detectBackend().name];
        })),
      );
      return seen;
    });
    expect(names).toEqual(Array(4).fill("effection"));
    expect(getBackend("effection")).toBe(effectionBackend);
    expect(detectBackend()).toBe(getBackend("native"));
  });

  test("a sleep rejects when the task is halted", async () => {
    const ended = deferred<unknown>();
    const task = run(() => call(() => sleep({ hours: 1 }).then(ended.resolve, ended.resolve)));
    await turn();
    await task.halt();
    expect(await ended.promise).toMatchObject({ reason: "parent" });
  });

  test("halting ends the library code in the task and waits, also a second halt", async () => {
    const release = deferred();
    const order: string[] = [];
    let error: unknown;
    const task = run(() =>
      call(() =>
        new CancelScope().run(async () => {
          try {
            await sleepForever();
          } catch (thrown) {
            error = thrown;
            throw thrown;
          } finally {
            await shield(() => release.promise);
            order.push("cleaned");
          }
        }),
      ),
    );
    await turn();
    const first = Promise.resolve(task.halt()).then(() => order.push("first"));
    await turn();
    const second = Promise.resolve(task.halt()).then(() => order.push("second"));
    await turn();
    expect(order).toEqual([]);
    release.resolve();
    await Promise.all([first, second]);
    expect(order.sort()).toEqual(["cleaned", "first", "second"]);
    expect(error).toMatchObject({ reason: "parent" });
    expect((error as Error).message).toContain("the surrounding Effection task was halted");
  });

  test("halting waits after an await of a plain promise too", async () => {
    const reached = deferred();
    let cleaned = false;
    const op = new Cancellable();
    const task = run(() =>
      call(async () => {
        await turn();
        await op.run(async () => {
          reached.resolve();
          try {
            await sleepForever();
          } finally {
            await shield(() => sleep(1));
            cleaned = true;
          }
        });
      }),
    );
    await reached.promise;
    await task.halt();
    expect(cleaned).toBe(true);
    expect(op.token.reason).toBe("parent");
    expect(op.context.status).toBe("cancelled");
  });

  test("moveOnAfter in a call absorbs only its own expiry", async () => {
    const result = await run(() => call(() => moveOnAfter(3, () => sleepForever())));
    expect(result).toBeUndefined();
  });

  test("the tasks of a group are halted with the task", async () => {
    const ended: string[] = [];
    const task = run(() =>
      call(() =>
        taskGroup((group) => {
          for (const name of ["a", "b"]) {
            group.startSoon(async () => {
              try {
                await sleepForever();
              } finally {
                ended.push(name);
              }
            });
          }
        }),
      ),
    );
    await turn();
    await task.halt();
    expect(ended.sort()).toEqual(["a", "b"]);
  });

  test("library code that still runs when the task ends is cancelled and waited for, and the task has its value", async () => {
    const op = new Cancellable();
    let cleaned = false;
    const value = await run(function* () {
      void op
        .run(async () => {
          try {
            await sleepForever();
          } finally {
            await shield(() => sleep(1));
            cleaned = true;
          }
        })
        .catch(() => {});
      yield* pause(0);
      return "value";
    });
    expect(value).toBe("value");
    expect(cleaned).toBe(true);
    expect(op.token.reason).toBe("parent");
  });

  test("a scoped part ends its own library code, and the rest of the task goes on", async () => {
    const ended = deferred<unknown>();
    const after = await run(function* () {
      yield* scoped(function* () {
        void sleep({ hours: 1 }).then(ended.resolve, ended.resolve);
        yield* pause(0);
      });
      return yield* call(async () => {
        await sleep(1);
        return "after";
      });
    });
    expect(after).toBe("after");
    expect(await ended.promise).toMatchObject({ reason: "parent" });
  });
});

describe("concurrent tasks", () => {
  test("each task has its own ambient operation through every step", async () => {
    const ops = [new Cancellable({ name: "a" }), new Cancellable({ name: "b" })];
    const look = (op: Cancellable): Operation<unknown> =>
      fromCancellable(op, function* () {
        const seen = new Set<unknown>();
        for (let i = 0; i < 5; i++) {
          yield* pause(0);
          seen.add(currentOperation());
          seen.add(yield* call(async () => (await turn(), currentOperation())));
        }
        return [...seen];
      });
    const seen = await run(function* () {
      const tasks = [];
      for (const op of ops) tasks.push(yield* spawn(() => look(op)));
      const all = [];
      for (const task of tasks) all.push(yield* task);
      return all;
    });
    expect(seen).toEqual([[ops[0]], [ops[1]]]);
  });

  test("halting one task does not affect the other task's library code", async () => {
    const release = deferred<string>();
    const result = await run(function* () {
      const first = yield* spawn(() => call(() => new CancelScope().run(() => sleepForever())));
      const second = yield* spawn(() =>
        call(async () => {
          const value = await new CancelScope().run(() => release.promise);
          await sleep(1);
          return value;
        }),
      );
      yield* until(turn());
      yield* first.halt();
      release.resolve("second");
      return yield* second;
    });
    expect(result).toBe("second");
  });

  test("a task that resolves another task's signal does not share its scope", async () => {
    const gate = deferred();
    const op = new Cancellable();
    const seen = await run(function* () {
      const waiting = yield* spawn(function* () {
        yield* until(gate.promise);
        return currentOperation();
      });
      yield* fromCancellable(op, () => gate.resolve());
      return yield* waiting;
    });
    expect(seen).toBeUndefined();
  });

  test("run() in an operation belongs to that operation", async () => {
    const op = new Cancellable();
    let seen: unknown;
    const outcome = await op.settle(async () => {
      await run(() =>
        call(async () => {
          await turn();
          seen = currentOperation();
          op.cancel("shutdown");
          await sleepForever();
        }),
      );
    });
    expect(seen).toBe(op);
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
  });
});
