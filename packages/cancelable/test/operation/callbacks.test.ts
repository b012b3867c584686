import { expect, vi } from "vitest";
import {
  type Callback,
  Cancellable,
  currentDeadline,
  currentOperation,
  type OperationContext,
  run,
  sleep,
  sleepForever,
  TimeoutSource,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("an operation's callbacks: order", (everywhere) => {
  everywhere(
    "each callback is waited for before the next one, the body and the result (PAR-CAN-14)",
    async () => {
      const order: string[] = [];
      const slowly = (name: string) => async (context: OperationContext) => {
        order.push(`${name} begins, ${context.status}`);
        await sleep(5);
        order.push(`${name} ends`);
      };
      const op = new Cancellable()
        .onStart(slowly("start 1"))
        .onStart((context) => void order.push(`start 2, ${context.status}`))
        .onComplete(slowly("complete 1"))
        .onComplete((context) => void order.push(`complete 2, ${context.status}`));
      await op.run(() => void order.push("body"));
      order.push("result");
      expect(order).toEqual([
        "start 1 begins, running",
        "start 1 ends",
        "start 2, running",
        "body",
        "complete 1 begins, completed",
        "complete 1 ends",
        "complete 2, completed",
        "result",
      ]);
    },
  );

  everywhere(
    "on a failure onError gets the context and the error before run() rejects (PAR-CAN-14)",
    async () => {
      const failure = new Error("body");
      const seen: unknown[] = [];
      const other = vi.fn();
      const op = new Cancellable()
        .onComplete(other)
        .onCancel(other)
        .onError(async (context, error) => {
          await sleep(1);
          seen.push(context === op.context, context.status, context.errorMessage, error);
        });
      const caught = await rejection(op.run(() => Promise.reject(failure)));
      seen.push(caught);
      expect(seen).toEqual([true, "failed", "body", failure, failure]);
      expect(other).not.toHaveBeenCalled();
    },
  );

  everywhere("on a cancellation onCancel gets the reason after the body has ended (PAR-CAN-14)", async () => {
    const order: string[] = [];
    const other = vi.fn();
    const op = new Cancellable()
      .onComplete(other)
      .onError(other)
      .onCancel((context) => {
        expect(context.duration).toBeGreaterThan(0);
        order.push(`${context.status} by ${context.cancelReason}`);
      });
    await op.settle(async () => {
      op.addSource(new TimeoutSource(10));
      try {
        await sleepForever();
      } finally {
        await op.shield(() => sleep(1));
        order.push("body ended");
      }
    });
    expect(order).toEqual(["body ended", "cancelled by timeout"]);
    expect(other).not.toHaveBeenCalled();
  });

  everywhere("the callbacks of the end are shielded from the cancellation and waited for", async (t) => {
    const order: string[] = [];
    const outer = new Cancellable();
    await outer.settle(async () => {
      await new Cancellable()
        .onCancel(async () => {
          await sleep(10);
          order.push("first");
        })
        .onCancel(async () => {
          await sleep(10);
          order.push("second");
        })
        .run(() => {
          outer.cancel();
          return sleepForever();
        });
    });
    expect(order).toEqual(["first", "second"]);
    t.expectElapsed(20);
  });

  everywhere("onStart is inside the operation: its time counts, and a cancellation ends it", async (t) => {
    const body = vi.fn();
    const op = Cancellable.withTimeout(10).onStart(async () => {
      expect(currentOperation()).toBe(op);
      expect(currentDeadline()).toBeLessThanOrEqual(t.backend.now() + 10);
      await sleep(60_000);
    });
    const outcome = await op.settle(body);
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "timeout" } });
    expect(body).not.toHaveBeenCalled();
    // The sleep in the callback was cancelled. That error has no caller.
    expect(t.reported.splice(0)).toEqual([(outcome as { error: unknown }).error]);
    t.expectElapsed(10);
  });

  everywhere("an operation that never started its body calls onCancel", async () => {
    const kinds: string[] = [];
    const op = new Cancellable()
      .onStart(() => void kinds.push("start"))
      .onCancel((context) => void kinds.push(`cancel ${context.cancelReason}`));
    op.cancel("manual");
    await op.settle(() => {});
    expect(kinds.at(-1)).toBe("cancel manual");
  });
});

describeEverywhere("an operation's callbacks: progress", (everywhere) => {
  everywhere(
    "onProgress gets the report, its metadata and the context of the operation, in order (PAR-CAN-13)",
    async () => {
      const seen: unknown[] = [];
      const op = new Cancellable({ id: "op-1" }).onProgress((...args) => void seen.push(args));
      await op.run(() => {
        op.reportProgress("begun");
        op.reportProgress({ current: 1, total: 3, unit: "files" }, { file: "a" });
      });
      expect(seen).toEqual([
        ["begun", { context: op.context, metadata: undefined }],
        [
          { current: 1, total: 3, unit: "files" },
          { context: op.context, metadata: { file: "a" } },
        ],
      ]);
      await new Cancellable().run((silent) => {
        silent.reportProgress("nobody listens");
        expect(silent.context.progress).toBe("nobody listens");
      });
    },
  );

  everywhere(
    "a report reaches every ancestor, the nearest first, with the context of the reporting operation",
    async () => {
      const seen: string[] = [];
      const listener =
        (level: string): Callback<"progress"> =>
        (progress, { context }) =>
          void seen.push(`${level}: ${context.id} ${progress}`);
      await new Cancellable({ id: "top" })
        .onProgress(listener("top"))
        .run(() =>
          new Cancellable({ id: "middle" }).run((middle) =>
            middle.shield(() =>
              new Cancellable({ id: "low" })
                .onProgress(listener("low"))
                .run((low) => low.reportProgress("x")),
            ),
          ),
        );
      expect(seen).toEqual(["low: low x", "top: low x"]);
    },
  );

  everywhere("a report does not wait for its callbacks", async () => {
    const order: string[] = [];
    const op = new Cancellable().onProgress(async () => {
      await sleep(5);
      order.push("listener");
    });
    await op.run(async () => {
      op.reportProgress("x");
      order.push("reported");
      await sleep(10);
    });
    expect(order).toEqual(["reported", "listener"]);
  });

  everywhere("an invalid report is refused with the name of the argument", async () => {
    const op = new Cancellable();
    for (const [progress, error] of [
      [42, TypeError],
      [null, TypeError],
      [{ current: "1" }, TypeError],
      [{ message: 1 }, TypeError],
      [{ total: -1 }, RangeError],
      [{ current: Number.NaN }, RangeError],
    ] as const) {
      expect(() => op.reportProgress(progress as never)).toThrow(error);
    }
    expect(() => op.reportProgress("x", "metadata" as never)).toThrow(TypeError);
  });
});

describeEverywhere("the callbacks of an operation that is cancelled before its start", (everywhere) => {
  everywhere("come in pairs: onStart and then onCancel, without the body", async () => {
    const order: string[] = [];
    const op = new Cancellable()
      .onStart(() => void order.push("start"))
      .onCancel(() => void order.push("cancel"));
    op.cancel();
    await op.settle(() => void order.push("body"));
    expect(order).toEqual(["start", "cancel"]);
  });
});
