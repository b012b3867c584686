import { expect, vi } from "vitest";
import { Cancellable, run, sleep } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

type Then = PromiseLike<number>["then"];

/** A foreign thenable: promises are well-behaved, these need not be. */
const thenable = (then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => void) =>
  ({ then: then as unknown as Then }) as PromiseLike<number>;

const throwing = (error: Error) =>
  thenable(() => {
    throw error;
  });

describeEverywhere("rule 10: a callback that throws stops nobody and is reported", (everywhere) => {
  everywhere("an operation's callbacks, sync and async (PAR-CAN-15)", async (t) => {
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
  });
});

describeEverywhere("a callback that gives a thenable", (everywhere) => {
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
    everywhere(`whose then() throws is reported, and stops nobody (${kind})`, async (t) => {
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
