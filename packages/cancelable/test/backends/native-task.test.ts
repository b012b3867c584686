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
  everywhere("the task is in use from the first look of library code until the task has ended", async (t) => {
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

  everywhere("isBusy and idle() tell whether scopes run in the task", async (t) => {
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

  everywhere(
    "the end of the task ends everything that runs in it, and a second end waits for the same",
    async (t) => {
      const task = new NativeTask(t.backend, {});
      const left = rejection(task.enter(() => new CancelScope().run(() => sleepForever()), undefined));
      await Promise.all([task.end("the task was stopped"), task.end("again")]);
      expect(await left).toMatchObject({ reason: "parent", message: "the task was stopped" });
      expect(task.inUse).toBe(false);
      await task.end("and again");
    },
  );

  everywhere(
    "code of a task that ended before the first look belongs to the scope around the task",
    async (t) => {
      const scope = new CancelScope();
      await scope.run(async () => {
        const task = new NativeTask(t.backend, {});
        await task.end("nobody had looked");
        scope.cancel();
        expect(await rejection(task.enter(() => sleep(1), undefined))).toBe(scope.error);
      });
    },
  );

  everywhere("a task whose scope has ended belongs to the next open scope", async (t) => {
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

test("the code of an unused task that ended outside every scope belongs to the task's runtime", async () => {
  const backend = new VirtualBackend();
  const task = new NativeTask(backend, {});
  await task.end("nobody had looked");
  expect(task.enter(() => detectBackend(), undefined)).toBe(backend);
  expect(detectBackend()).toBe(getBackend("native"));
});
