import {
  Cancellable,
  cancellationOf,
  currentOperation,
  failAfter,
  isCancellation,
  sleep,
  sleepForever,
} from "@hother/cancelable";
import PQueue from "p-queue";
import { describe, expect, test } from "vitest";
import { enqueue } from "../../src/p-queue/index.ts";

/** A promise with its resolver. */
function gate(): { readonly passed: Promise<void>; readonly pass: () => void } {
  let pass!: () => void;
  const passed = new Promise<void>((resolve) => {
    pass = resolve;
  });
  return { passed, pass };
}

describe("enqueue(queue, job)", () => {
  test("runs the job in the scope of its caller, although the job of another caller has freed the place", async () => {
    const queue = new PQueue({ concurrency: 1 });
    const names = await Promise.all(
      ["A", "B"].map((name) =>
        new Cancellable({ name }).run(() =>
          enqueue(queue, async () => {
            await sleep(5);
            return currentOperation()?.name;
          }),
        ),
      ),
    );
    expect(names).toEqual(["A", "B"]);
  });

  test("takes a job that waits for its place out of the queue when its operation is cancelled", async () => {
    const queue = new PQueue({ concurrency: 1 });
    const { passed, pass } = gate();
    const first = enqueue(queue, () => passed);
    let started = false;
    const op = new Cancellable();
    const ending = op.settle(() =>
      enqueue(queue, () => {
        started = true;
      }),
    );
    expect([queue.size, queue.pending]).toEqual([1, 1]);
    op.cancel("quota");
    expect(await ending).toMatchObject({ status: "cancelled", error: { reason: "quota" } });
    expect(queue.size).toBe(0);
    pass();
    await first;
    expect(started).toBe(false);
  });

  test("keeps the place of a running job until its clean-up has ended", async () => {
    const queue = new PQueue({ concurrency: 1 });
    const steps: string[] = [];
    const op = new Cancellable();
    const ending = op.settle(() =>
      enqueue(queue, async () => {
        try {
          op.cancel();
          await sleepForever();
        } finally {
          await op.shield(() => sleep(20));
          steps.push("first cleaned up");
        }
      }),
    );
    const second = enqueue(queue, () => steps.push("second started"));
    expect((await ending).status).toBe("cancelled");
    await second;
    expect(steps).toEqual(["first cleaned up", "second started"]);
  });

  test("rejects with the error of the scope, for a limit and in a cancelled scope, and calls no job then", async () => {
    const queue = new PQueue({ concurrency: 1, autoStart: false });
    const error = await failAfter(5, () => enqueue(queue, () => expect.unreachable())).catch(
      (reason: unknown) => reason,
    );
    expect(isCancellation(error, { reason: "timeout" })).toBe(true);
    const op = new Cancellable();
    const outcome = await op.settle(() => {
      op.cancel();
      return enqueue(queue, () => expect.unreachable());
    });
    expect(outcome.status).toBe("cancelled");
    expect(queue.size).toBe(0);
  });

  test("ends the wait for a job that was cleared from the queue", async () => {
    const queue = new PQueue({ concurrency: 1, autoStart: false });
    const op = new Cancellable();
    const ending = op.settle(() => enqueue(queue, () => {}));
    queue.clear();
    op.cancel();
    expect((await ending).status).toBe("cancelled");
  });

  test("passes values, failures and options on, and leaves nothing behind", async () => {
    const queue = new PQueue({ concurrency: 1, autoStart: false });
    const order: number[] = [];
    const add = (priority: number) => enqueue(queue, () => order.push(priority), { priority });
    const failure = enqueue(queue, () => {
      throw new Error("broken");
    }).catch((error: unknown) => error);
    const added = [add(1), add(2)];
    queue.start();
    await Promise.all(added);
    expect(order).toEqual([2, 1]);
    expect(await failure).toMatchObject({ message: "broken" });
    expect(cancellationOf(await failure)).toBe(undefined);
  });

  test("refuses wrong arguments", () => {
    const wrong = (value: unknown): never => value as never;
    const queue = new PQueue();
    expect(() => enqueue(wrong({}), () => {})).toThrow("queue must be a PQueue; got {}");
    expect(() => enqueue(queue, wrong(1))).toThrow("job must be a function; got 1");
    expect(() => enqueue(queue, () => {}, wrong(1))).toThrow("options must be an object; got 1");
    const { signal } = new AbortController();
    expect(() => enqueue(queue, () => {}, wrong({ signal }))).toThrow("options.signal must be left out");
  });
});
