import { expect, test } from "vitest";
import {
  CancelScope,
  currentDeadline,
  detectBackend,
  getBackend,
  moveOnAfter,
  NativeTask,
  sleep,
  sleepForever,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("a task of another runtime", (everywhere) => {
  everywhere("is in use from when library code in it first looks until it has ended", async (t) => {
    const used: NativeTask[] = [];
    const task = new NativeTask(t.backend, { used: (one) => used.push(one) });
    task.enter(() => {}, undefined);
    expect([task.inUse, used]).toEqual([false, []]);
    task.enter(() => currentDeadline(), undefined);
    task.enter(() => currentDeadline(), undefined);
    expect([task.inUse, used]).toEqual([true, [task]]);
    await task.end("it is over");
    expect([task.inUse, task.scope.isCancelled]).toEqual([false, false]);
  });

  everywhere("tells whether scopes run in it, and when none does any more", async (t) => {
    const busy: NativeTask[] = [];
    const task = new NativeTask(t.backend, { busy: (one) => busy.push(one) });
    expect(task.isBusy).toBe(false);
    await task.idle();
    const gate = deferred();
    const running = task.enter(() => moveOnAfter(null, () => gate.promise), undefined);
    expect([task.isBusy, busy]).toEqual([true, [task]]);
    let idle = false;
    const waiting = task.idle().then(() => {
      idle = true;
    });
    await sleep(1);
    expect(idle).toBe(false);
    gate.resolve();
    await Promise.all([running, waiting]);
    expect(task.isBusy).toBe(false);
    await task.end("it is over");
  });

  everywhere("ends what still runs in it; a second end waits for the same", async (t) => {
    const task = new NativeTask(t.backend, {});
    const left = rejection(task.enter(() => new CancelScope().run(() => sleepForever()), undefined));
    await Promise.all([task.end("the task was stopped"), task.end("again")]);
    expect(await left).toMatchObject({ reason: "parent", message: "the task was stopped" });
    expect(task.inUse).toBe(false);
    await task.end("and again");
  });

  everywhere("one that ended before library code looked is looked through", async (t) => {
    const scope = new CancelScope();
    await scope.run(async () => {
      const task = new NativeTask(t.backend, {});
      await task.end("nobody had looked");
      scope.cancel();
      expect(await rejection(task.enter(() => sleep(1), undefined))).toBe(scope.error);
    });
  });

  everywhere("belongs to the next open scope, if the one that it was made in has ended", async (t) => {
    const outer = new CancelScope();
    await outer.run(async () => {
      const task = await new CancelScope().run(() => new NativeTask(t.backend, {}));
      const waiting = rejection((task as NativeTask).enter(() => sleepForever(), undefined));
      outer.cancel();
      expect(await waiting).toBe(outer.error);
      await task?.end("it is over");
    });
  });
});

test("a task that was made outside of every scope, and ended unseen, leaves its code to its runtime", async () => {
  const backend = new VirtualBackend();
  const task = new NativeTask(backend, {});
  await task.end("nobody had looked");
  expect(task.enter(() => detectBackend(), undefined)).toBe(backend);
  expect(detectBackend()).toBe(getBackend("native"));
});
