import { expect, test } from "vitest";
import { runScript } from "./child.ts";

test("no promise that the library creates is left without a handler (CONF-T08)", async () => {
  const { code, output, errors } = await runScript(`
    import {
      all, any, Cancellable, Condition, moveOnAfter, Queue, race, setReporter, sleep, sleepForever, taskGroup, waitFor, withTimeout,
    } from "@hother/cancelable";
    setReporter(() => {});
    const late = (ms) => new Promise((_, reject) => setTimeout(reject, ms, new Error("late")));
    const swallow = (promise) => promise.then(() => {}, () => {});
    // Children that fail, are cancelled, or are never awaited.
    await swallow(taskGroup(async (group) => {
      for (let i = 0; i < 3; i++) group.startSoon(() => Promise.reject(new Error("child")));
      group.startSoon(() => sleepForever());
      await sleepForever();
    }));
    await swallow(taskGroup(async (group) => {
      const task = group.startSoon(() => Promise.reject(new Error("looked at late")));
      await task.wait();
    }));
    await taskGroup(async (group) => {
      await swallow(group.start(() => Promise.reject(new Error("before started"))));
    });
    // Foreign work that is left to itself.
    await moveOnAfter(1, () => waitFor(late(10)));
    await swallow(withTimeout(1, late(10)));
    await swallow(race([late(1), late(10), () => late(10)]));
    await swallow(any([() => sleep(1), late(10)]));
    await swallow(all([late(1), late(10), () => sleepForever()]));
    await new Cancellable({ grace: 1 }).settle((op) => {
      op.cancel();
      return late(10);
    });
    // Waits that outlive their scope.
    const queue = new Queue(0);
    const condition = new Condition();
    await moveOnAfter(1_000, async () => {
      using lease = await condition.acquire();
      void sleep(20);
      void queue.get();
      void swallow(waitFor(late(10))); // a failure of the caller's own work
      void condition.wait();
    });
    // Cancelled before anybody looked.
    const op = new Cancellable();
    op.cancel();
    await op.settle(() => {});
    void op.token.waitForCancel();
    void op.error;
    await sleep(30);
    console.log("quiet");
  `);
  expect([errors, output.trim(), code]).toEqual(["", "quiet", 0]);
});

test("a rejected Deferred is an unhandled rejection only if its promise was read (SYNC-25)", async () => {
  const { code, output } = await runScript(`
    import { Deferred } from "@hother/cancelable";
    process.on("unhandledRejection", (error) => console.log("unhandled", error));
    new Deferred().reject("nobody looked");
    const read = [new Deferred(), new Deferred()];
    void read[0].promise;
    for (const one of read) one.reject("read");
    await read[1].promise.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 5));
  `);
  expect([output.trim(), code]).toEqual(["unhandled read", 0]);
});
