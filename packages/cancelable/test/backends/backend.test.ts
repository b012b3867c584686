import { expect } from "vitest";
import {
  CancellationError,
  CancelScope,
  detectBackend,
  Event,
  getBackend,
  Lock,
  Queue,
  Semaphore,
  sleep,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("AsyncBackend (rule 39)", (everywhere) => {
  everywhere("the backend is detected inside its run", (t) => {
    expect(detectBackend()).toBe(t.backend);
    expect(getBackend()).toBe(t.backend);
  });

  everywhere("the factories create the public classes", async (t) => {
    const { backend } = t;
    expect(backend.createCancelScope({ timeout: 5 })).toBeInstanceOf(CancelScope);
    expect(backend.createLock()).toBeInstanceOf(Lock);
    expect(backend.createEvent()).toBeInstanceOf(Event);
    expect(backend.createSemaphore(3)).toMatchObject({ value: 3 });
    expect(backend.createSemaphore(3)).toBeInstanceOf(Semaphore);
    expect(backend.createQueue(2)).toMatchObject({ capacity: 2 });
    expect(backend.createQueue()).toBeInstanceOf(Queue);
    expect(backend.cancelledErrorClass).toBe(CancellationError);
    const value = await backend.createTaskGroup(async (group) => group.startSoon(() => "child"));
    expect(value).toBe("child");
  });

  everywhere("sleep and currentTime use the backend's clock", async (t) => {
    const { backend } = t;
    const start = backend.currentTime();
    await backend.sleep(10);
    t.expectElapsed(10);
    expect(backend.currentTime() - start).toBeGreaterThanOrEqual(10);
    expect(backend.currentTime()).toBeLessThanOrEqual(backend.now());
  });

  everywhere("sleep belongs to the ambient scope if that scope is on this backend", async (t) => {
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      expect(await rejection(t.backend.sleep(10))).toBe(scope.error);
      const other = new VirtualBackend();
      await other.sleep(10);
      expect(other.now()).toBe(10);
    });
  });

  everywhere("current() is the native task that runs", (t) => {
    const hasTasks = ["effect", "effection"].includes(t.backend.name);
    expect(typeof t.backend.current()).toBe(hasTasks ? "object" : "undefined");
  });

  everywhere(
    "a turn that was taken back does not come, and one that has come cannot be taken back",
    async (t) => {
      const came: string[] = [];
      const withdrawn = t.backend.turn(() => came.push("withdrawn"));
      withdrawn();
      withdrawn();
      let done: () => void = () => {};
      await new Promise<void>((resolve) => {
        done = t.backend.turn(() => resolve(void came.push("done")));
      });
      done();
      await sleep(1);
      expect(came).toEqual(["done"]);
    },
  );

  everywhere("now() never goes back", async (t) => {
    let last = t.backend.now();
    for (let i = 0; i < 20; i++) {
      await sleep(i % 3);
      const now = t.backend.now();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });
});
