import { getEventListeners } from "node:events";
import { expect, test, vi } from "vitest";
import {
  Cancellable,
  CancelScope,
  currentSignal,
  Event,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  waitFor,
} from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { runScript } from "../child.ts";

const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

describeEverywhere("AbortSignals", (everywhere) => {
  everywhere(
    "from outside: aborted before counts, one listener, the reason is the cause (CONF-T01)",
    async () => {
      const reason = new Error("the client has gone");
      const body = vi.fn();
      const before = Cancellable.withAbortSignal(AbortSignal.abort(reason));
      const refused = await before.settle(body);
      expect(refused).toMatchObject({ status: "cancelled", error: { cause: reason } });
      expect(body).not.toHaveBeenCalled();

      const controller = new AbortController();
      const { signal } = controller;
      await Cancellable.withAbortSignal(signal).run(async () => {
        expect(listeners(signal)).toBe(1);
        await sleep(1);
      });
      expect(listeners(signal)).toBe(0);
      const op = Cancellable.withAbortSignal(signal);
      const ended = op.settle(() => sleepForever());
      controller.abort(reason);
      expect(op.isCancelled).toBe(true);
      const outcome = await ended;
      if (outcome.status !== "cancelled") expect.fail(outcome.status);
      expect(outcome.error.cause).toBe(reason);
      expect(listeners(signal)).toBe(0);
    },
  );

  everywhere(
    "of a scope: aborted inside cancel() with its error, not across a shield (CONF-T02)",
    async () => {
      const made = vi.spyOn(globalThis, "AbortController");
      try {
        const quiet = new CancelScope();
        await quiet.run(() => sleep(0));
        await new Cancellable().run(() => sleep(0));
        expect(made).not.toHaveBeenCalled();
      } finally {
        made.mockRestore();
      }
      const scope = new CancelScope();
      await scope.run(async () => {
        const { signal } = scope;
        expect(currentSignal()).toBe(signal);
        await shield(async (inner) => {
          const aborted: boolean[] = [];
          signal.addEventListener("abort", () => aborted.push(signal.aborted));
          scope.cancel("shutdown");
          expect([aborted, inner.signal.aborted, currentSignal().aborted]).toEqual([[true], false, false]);
          expect(signal.reason).toBe(scope.error);
        });
        await sleep(1);
      });
      // Made late, it is aborted from the beginning.
      const late = new CancelScope();
      late.cancel();
      expect([late.signal.aborted, late.signal.reason]).toEqual([true, late.error]);
    },
  );

  everywhere("many waits below one need one listener, and warn of nothing (CONF-T07)", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const warned = vi.fn();
    process.on("warning", warned);
    try {
      const event = new Event();
      const op = Cancellable.withAbortSignal(signal);
      const outcome = await op.settle((self) =>
        taskGroup(async (group) => {
          const own = self.signal;
          const waits = [() => sleepForever(), () => event.wait(), () => waitFor(new Promise(() => {}))];
          for (let i = 0; i < 300; i++) group.startSoon(waits[i % 3] as () => Promise<unknown>);
          await sleep(1);
          expect([listeners(signal), listeners(own)]).toEqual([1, 0]);
          controller.abort();
          await sleepForever();
        }),
      );
      expect(outcome.status).toBe("cancelled");
      // Warnings are told in a later turn.
      await new Promise((resolve) => setImmediate(resolve));
      expect(warned).not.toHaveBeenCalled();
    } finally {
      process.removeListener("warning", warned);
    }
  });
});

test("no promise that the library made is left without a handler (CONF-T08)", async () => {
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
      void sleepForever();
      void queue.get();
      void waitFor(late(10));
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
