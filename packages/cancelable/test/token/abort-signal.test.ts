import { getEventListeners, getMaxListeners } from "node:events";
import { expect, vi } from "vitest";
import {
  Cancellable,
  CancellationToken,
  CancelScope,
  currentSignal,
  Event,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  waitFor,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

describeEverywhere("AbortSignal.any and AbortSignal.timeout (rule 27)", (everywhere) => {
  everywhere(
    "the library calls neither, and a foreign signal has one listener while an operation follows it",
    async () => {
      const any = vi.spyOn(AbortSignal, "any");
      const timeout = vi.spyOn(AbortSignal, "timeout");
      const controller = new AbortController();
      try {
        await rejection(
          Cancellable.withAbortSignal(controller.signal).run(async (op) => {
            expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
            const inner = Cancellable.withTimeout(1_000).run((inside) => {
              void inside.signal;
              return sleepForever();
            });
            controller.abort(new Error("client gone"));
            expect(op.token).toMatchObject({ reason: "manual", message: "client gone" });
            expect(op.token.error?.cause).toBe(controller.signal.reason);
            await inner;
          }),
        );
        expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
        expect([any, timeout].map((spy) => spy.mock.calls.length)).toEqual([0, 0]);
      } finally {
        any.mockRestore();
        timeout.mockRestore();
      }
    },
  );
});

describeEverywhere("an AbortSignal", (everywhere) => {
  everywhere(
    "of an operation has no limit of listeners, and other libraries can ask for the limit",
    async () => {
      await new Cancellable().run((op) => {
        expect(getMaxListeners(op.signal)).toBe(Number.POSITIVE_INFINITY);
      });
    },
  );

  everywhere(
    "a foreign signal that was aborted before counts, has one listener, and gives its reason as the cause (CONF-T01)",
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
    "a scope's signal is aborted inside cancel() with the scope's error, and not across a shield (CONF-T02)",
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
      // A signal that is created late is aborted from the beginning.
      const late = new CancelScope();
      late.cancel();
      expect([late.signal.aborted, late.signal.reason]).toEqual([true, late.error]);
    },
  );

  everywhere(
    "many waits below one foreign signal need one listener and cause no warning (CONF-T07)",
    async () => {
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
        // Node emits warnings in a later turn.
        await new Promise((resolve) => setImmediate(resolve));
        expect(warned).not.toHaveBeenCalled();
      } finally {
        process.removeListener("warning", warned);
      }
    },
  );
});

describeEverywhere("a foreign AbortSignal after the end (rule 24)", (everywhere) => {
  const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

  everywhere(
    "a token made from the signal removes its listener once every token of the signal is cancelled or disposed of",
    () => {
      const { signal } = new AbortController();
      const cancelled = CancellationToken.from(signal);
      const disposed = CancellationToken.from(signal);
      // One listener for both tokens (rule 27).
      expect(listeners(signal)).toBe(1);
      cancelled.cancel("shutdown");
      expect(listeners(signal)).toBe(1);
      disposed[Symbol.dispose]();
      expect(listeners(signal)).toBe(0);
      expect([cancelled.reason, disposed.isCancelled]).toEqual(["shutdown", false]);
    },
  );

  everywhere("cancelling by hand a token that an operation follows removes the listener", async () => {
    const controller = new AbortController();
    const token = CancellationToken.from(controller.signal);
    const outcome = Cancellable.withToken(token).settle(() => sleepForever());
    expect(listeners(controller.signal)).toBe(1);
    token.cancel("disconnect");
    expect(await outcome).toMatchObject({ error: { reason: "disconnect" } });
    expect(listeners(controller.signal)).toBe(0);
    controller.abort();
    expect(token.reason).toBe("disconnect");
  });
});

describeEverywhere("the one listener on a foreign signal (rule 27)", (everywhere) => {
  everywhere(
    "any number of operations and tokens share one listener, and the last one removes it",
    async () => {
      const { signal } = new AbortController();
      const token = CancellationToken.from(signal);
      const running = Array.from({ length: 20 }, () =>
        Cancellable.withAbortSignal(signal).run(async () => {
          await sleep(1);
          expect(getEventListeners(signal, "abort")).toHaveLength(1);
          await sleep(1);
        }),
      );
      await Promise.all(running);
      expect(getEventListeners(signal, "abort")).toHaveLength(1);
      token[Symbol.dispose]();
      expect(getEventListeners(signal, "abort")).toHaveLength(0);
    },
  );

  everywhere("every follower learns of the abort, also a follower that comes later", async () => {
    const controller = new AbortController();
    const follow = (): Promise<{ readonly status: string }> =>
      Cancellable.withAbortSignal(controller.signal).settle(() => sleepForever());
    const following = [follow(), follow()];
    controller.abort();
    following.push(follow());
    const outcomes = await Promise.all(following);
    expect(outcomes.map(({ status }) => status)).toEqual(["cancelled", "cancelled", "cancelled"]);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });
});
