import { expect, test, vi } from "vitest";
import {
  Cancellable,
  currentDeadline,
  currentOperation,
  type OperationContext,
  run,
  sleep,
  sleepForever,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("an operation's callbacks: order", (everywhere) => {
  everywhere("each is waited for before the next one, the body and the result (PAR-CAN-14)", async () => {
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
  });

  everywhere(
    "on failure onError has the context and the same error, before it comes out (PAR-CAN-14)",
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

  everywhere("on cancellation onCancel sees the reason, after the body has ended (PAR-CAN-14)", async () => {
    const order: string[] = [];
    const other = vi.fn();
    const op = Cancellable.withTimeout(10)
      .onComplete(other)
      .onError(other)
      .onCancel((context) => {
        expect(context.duration).toBeGreaterThan(0);
        order.push(`${context.status} by ${context.cancelReason}`);
      });
    await op.settle(async () => {
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

  everywhere(
    "those of the end run out of reach of the cancellation, and are waited for (BUG-31)",
    async (t) => {
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
    },
  );

  everywhere("onStart is inside the operation: its time counts and its cancellation holds", async (t) => {
    const body = vi.fn();
    const op = Cancellable.withTimeout(10).onStart(async () => {
      expect(currentOperation()).toBe(op);
      expect(currentDeadline()).toBeLessThanOrEqual(t.backend.now() + 10);
      await sleep(60_000);
    });
    const outcome = await op.settle(body);
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "timeout" } });
    expect(body).not.toHaveBeenCalled();
    // The sleep in the callback was cancelled: that is an error without a caller.
    expect(t.reported.splice(0)).toEqual([(outcome as { error: unknown }).error]);
    t.expectElapsed(10);
  });

  everywhere("an operation that never started its body has ended as cancelled, and says so", async () => {
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
    "comes with id, report and metadata, in order, and without listeners nowhere (PAR-CAN-13)",
    async () => {
      const seen: unknown[] = [];
      const op = new Cancellable({ id: "op-1" }).onProgress((...args) => void seen.push(args));
      await op.run(() => {
        op.reportProgress("begun");
        op.reportProgress({ current: 1, total: 3, unit: "files" }, { file: "a" });
      });
      expect(seen).toEqual([
        ["op-1", "begun", undefined],
        ["op-1", { current: 1, total: 3, unit: "files" }, { file: "a" }],
      ]);
      await new Cancellable().run((silent) => {
        silent.reportProgress("nobody listens");
        expect(silent.context.progress).toBe("nobody listens");
      });
    },
  );

  everywhere("bubbles up to every ancestor, the nearest first, with the id of who reported", async () => {
    const seen: string[] = [];
    const listener = (level: string) => (id: string, progress: unknown) =>
      void seen.push(`${level}: ${id} ${progress}`);
    await new Cancellable({ id: "top" })
      .onProgress(listener("top"))
      .run(() =>
        new Cancellable({ id: "middle" }).run((middle) =>
          middle.shield(() =>
            new Cancellable({ id: "low" }).onProgress(listener("low")).run((low) => low.reportProgress("x")),
          ),
        ),
      );
    expect(seen).toEqual(["low: low x", "top: low x"]);
  });

  everywhere("does not wait for its listeners", async () => {
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

  everywhere("what is no report is refused by name", async () => {
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

describeEverywhere("an operation's callbacks: failures", (everywhere) => {
  everywhere("of any kind change no outcome and are reported (PAR-CAN-15, PAR-CAN-43)", async (t) => {
    const errors = [new Error("sync"), new Error("async")];
    const called: string[] = [];
    const broken = (op: Cancellable): Cancellable => {
      for (const on of ["onStart", "onProgress", "onComplete", "onCancel", "onError"] as const) {
        op[on](() => {
          throw errors[0];
        });
        op[on](() => Promise.reject(errors[1]));
        op[on](() => void called.push(on));
      }
      return op;
    };
    const completed = await broken(new Cancellable()).settle((op) => op.reportProgress("x"));
    const failure = new Error("body");
    const failed = await broken(new Cancellable()).settle(() => Promise.reject(failure));
    const cancelled = await broken(Cancellable.withTimeout(5)).settle(() => sleepForever());
    expect([completed, failed]).toEqual([
      { status: "completed", value: undefined },
      { status: "failed", error: failure },
    ]);
    expect(cancelled.status).toBe("cancelled");
    expect(called).toEqual([
      ...["onStart", "onProgress", "onComplete"],
      ...["onStart", "onError"],
      ...["onStart", "onCancel"],
    ]);
    const reported = t.reported.splice(0);
    expect(reported.filter((error) => error === errors[0])).toHaveLength(7);
    expect(reported.filter((error) => error === errors[1])).toHaveLength(7);
  });

  everywhere("only functions are taken, and the operation is given back", () => {
    const op = new Cancellable();
    for (const on of ["onStart", "onProgress", "onComplete", "onCancel", "onError"] as const) {
      expect(() => op[on]("callback" as never)).toThrow(TypeError);
      expect(op[on](() => {})).toBe(op);
    }
  });

  everywhere("a callback that adds another does not have it called in the same round", async () => {
    const late = vi.fn();
    const op = new Cancellable();
    op.onComplete(() => void op.onComplete(late));
    await op.run(() => {});
    expect(late).not.toHaveBeenCalled();
  });

  everywhere("one that hangs holds a cancelled operation for its grace, and no longer", async (t) => {
    const never = (): Promise<never> => new Promise(() => {});
    const began = (ms: number) => {
      const begin = t.elapsed();
      return () => t.expectElapsed(begin + ms);
    };
    const bodyEnds = new Cancellable({ grace: 20 }).onCancel(never);
    let after = began(20);
    const outcome = await bodyEnds.settle(() => {
      bodyEnds.cancel("shutdown");
      return sleepForever();
    });
    expect(outcome).toMatchObject({ status: "cancelled", abandoned: true, error: { reason: "shutdown" } });
    after();

    const inStart = new Cancellable({ grace: 20 }).onStart(() => {
      inStart.cancel();
      return never();
    });
    after = began(20);
    expect(await inStart.settle(() => expect.fail("the body ran"))).toMatchObject({
      status: "cancelled",
      abandoned: true,
    });
    after();

    // Body and callbacks share one grace; the callbacks begin even when it is over.
    let told = false;
    const both = new Cancellable({ grace: 20 }).onCancel(() => {
      told = true;
      return never();
    });
    after = began(20);
    expect(
      await both.settle(() => {
        both.cancel();
        return never();
      }),
    ).toMatchObject({ status: "cancelled", abandoned: true });
    expect(told).toBe(true);
    after();

    // Cancelled before it starts, and in the handle form.
    const early = new Cancellable({ grace: 20 }).onCancel(never);
    early.cancel();
    expect(await early.settle(() => expect.fail("the body ran"))).toMatchObject({ abandoned: true });
    const handle = new Cancellable({ grace: 20 }).onCancel(never).start();
    handle.cancel();
    await handle[Symbol.asyncDispose]();
    expect(handle.context.status).toBe("cancelled");
  });
});

test("a callback that hangs without a grace is named after 5 s", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  try {
    const backend = new VirtualBackend();
    await run(
      async () => {
        const op = new Cancellable({ name: "export" }).onCancel(() => sleep(6_000));
        op.cancel();
        await op.settle(() => {});
      },
      { backend },
    );
    expect([backend.now(), backend.timerCount, warn.mock.calls]).toEqual([
      6_000,
      0,
      [
        [
          '@hother/cancelable: operation "export" was cancelled 5 s ago and its onCancel callbacks have not ended. ' +
            "Set grace to bound this wait.",
        ],
      ],
    ]);
  } finally {
    warn.mockRestore();
  }
});
