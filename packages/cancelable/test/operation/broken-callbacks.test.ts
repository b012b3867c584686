import { expect, test, vi } from "vitest";
import { Cancellable, run, sleep, sleepForever } from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere } from "../backends.ts";

type Then = PromiseLike<number>["then"];

/** A foreign thenable. Promises follow their rules, thenables need not. */
const thenable = (then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void) =>
  ({ then: then as unknown as Then }) as PromiseLike<number>;

const throwing = (error: Error) =>
  thenable(() => {
    throw error;
  });

describeEverywhere("an operation's callbacks that throw (rule 10)", (everywhere) => {
  everywhere(
    "synchronous and asynchronous failures are reported and stop no other callback (PAR-CAN-15)",
    async (t) => {
      const op = new Cancellable()
        .onStart(() => {
          throw new Error("start");
        })
        .onProgress(() => Promise.reject(new Error("progress")))
        .onComplete(async () => {
          await sleep(1);
          throw new Error("complete");
        });
      const later = vi.fn();
      op.onComplete(later);
      await expect(
        op.run(async (self) => {
          self.reportProgress("half");
          return "fine";
        }),
      ).resolves.toBe("fine");
      expect(later).toHaveBeenCalledOnce();
      expect(t.reported.splice(0).map((error) => (error as Error).message)).toEqual([
        "start",
        "progress",
        "complete",
      ]);
    },
  );
});

describeEverywhere("a callback that returns a thenable", (everywhere) => {
  for (const [kind, listen, end, status] of [
    ["onStart", (op, f) => op.onStart(f), () => 1, "completed"],
    ["onComplete", (op, f) => op.onComplete(f), () => 1, "completed"],
    ["onError", (op, f) => op.onError(f), () => Promise.reject(new Error("failed")), "failed"],
    ["onCancel", (op, f) => op.onCancel(f), (op) => (op.cancel(), op.check()), "cancelled"],
  ] as ReadonlyArray<
    [
      string,
      (op: Cancellable, callback: () => unknown) => Cancellable,
      (op: Cancellable) => unknown,
      "completed" | "failed" | "cancelled",
    ]
  >) {
    everywhere(`a then() that throws is reported and stops no other callback (${kind})`, async (t) => {
      const error = new Error("from a callback");
      const later: string[] = [];
      const outer = await new Cancellable().run(async () => {
        const inner = listen(new Cancellable(), () => throwing(error));
        listen(inner, () => later.push(inner.status));
        expect(await inner.settle(() => end(inner))).toMatchObject({ status });
        expect(inner.status).toBe(status);
        return "outer is done";
      });
      expect(outer).toBe("outer is done");
      expect(later).toHaveLength(1);
      expect(t.reported.splice(0)).toEqual([error]);
    });
  }
});

describeEverywhere("failures in an operation's callbacks", (everywhere) => {
  everywhere(
    "a failure of any kind changes no outcome and is reported (PAR-CAN-15, PAR-CAN-43)",
    async (t) => {
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
    },
  );

  everywhere("only functions are accepted, and the methods return the operation", () => {
    const op = new Cancellable();
    for (const on of ["onStart", "onProgress", "onComplete", "onCancel", "onError"] as const) {
      expect(() => op[on]("callback" as never)).toThrow(TypeError);
      expect(op[on](() => {})).toBe(op);
    }
  });

  everywhere("a callback that adds a callback does not have it called in the same round", async () => {
    const late = vi.fn();
    const op = new Cancellable();
    op.onComplete(() => void op.onComplete(late));
    await op.run(() => {});
    expect(late).not.toHaveBeenCalled();
  });

  everywhere("a callback that hangs delays a cancelled operation until the end of the grace", async (t) => {
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

    // Body and callbacks share one grace. The callbacks are called even when the grace is over.
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

    // Cancelled before the start, and in the handle form.
    const early = new Cancellable({ grace: 20 }).onCancel(never);
    early.cancel();
    expect(await early.settle(() => expect.fail("the body ran"))).toMatchObject({ abandoned: true });
    const handle = new Cancellable({ grace: 20 }).onCancel(never).start();
    handle.cancel();
    await handle[Symbol.asyncDispose]();
    expect(handle.context.status).toBe("cancelled");
  });
});

test("a callback that hangs without a grace causes a warning after 5 s", async () => {
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
