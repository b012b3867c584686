import {
  Cancellable,
  CancellationError,
  currentOperation,
  isCancellation,
  moveOnAfter,
  ParentCancellation,
  sleep,
  sleepForever,
  taskGroup,
} from "@hother/cancelable";
import { CancelledBy, fromCancellable, toCancellable } from "@hother/cancelable-backends/effection";
import {
  createContext,
  ensure,
  type Operation,
  sleep as pause,
  run,
  type Scope,
  suspend,
  until,
  useScope,
} from "effection";
import { describe, expect, test } from "vitest";
import { deferred, rejection, turn } from "../support.ts";

/** Never ends. Records the cancellation that halted it, after a clean-up that takes time. */
function* observed(seen: (error: CancellationError | undefined) => void): Operation<never> {
  try {
    yield* suspend();
  } finally {
    yield* pause(1);
    seen(yield* CancelledBy.get());
  }
  throw new Error("unreachable");
}

describe("toCancellable: results", () => {
  test("the value comes out, immediate or later", async () => {
    expect(
      await toCancellable(function* () {
        return 42;
      }),
    ).toBe(42);
    expect(
      await toCancellable(function* () {
        yield* pause(1);
        return "later";
      }),
    ).toBe("later");
  });

  test("an error comes out unchanged, and nowhere else", async () => {
    const wrong = new RangeError("wrong");
    const failing = toCancellable(function* () {
      yield* pause(0);
      throw wrong;
    });
    expect(await rejection(failing)).toBe(wrong);
    const atOnce = toCancellable((): Operation<void> => {
      throw wrong;
    });
    expect(await rejection(atOnce)).toBe(wrong);
  });

  test("an operation that has not started is run with it as its body; with a cancelled operation nothing starts", async () => {
    const op = new Cancellable();
    expect(await toCancellable(() => until(Promise.resolve(1)), op)).toBe(1);
    expect(op.context.status).toBe("completed");
    const cancelled = new Cancellable();
    cancelled.cancel();
    let started = false;
    const never = toCancellable(function* () {
      started = true;
      yield* suspend();
    }, cancelled);
    expect(await rejection(never)).toBe(cancelled.token.error);
    expect(started).toBe(false);
  });

  test("library code inside is in the operation", async () => {
    const op = new Cancellable();
    const seen = await toCancellable(
      () =>
        until(
          (async () => {
            await sleep(1);
            return currentOperation();
          })(),
        ),
      op,
    );
    expect(seen).toBe(op);
  });

  test("wrong arguments are refused", () => {
    expect(() => toCancellable({} as never)).toThrow("operation must be a function; got object");
    expect(() => toCancellable(() => suspend(), {} as Cancellable)).toThrow("op must be a Cancellable");
  });
});

describe("toCancellable: cancellation by the library", () => {
  test("a cancellation halts and waits for the clean-up, and the context CancelledBy has the error", async () => {
    const op = new Cancellable();
    let seen: CancellationError | undefined;
    const running = rejection(toCancellable(() => observed((error) => (seen = error)), op));
    await turn();
    op.cancel("disconnect", "the client left");
    expect(await running).toBe(op.token.error);
    expect(seen).toBeInstanceOf(CancellationError);
    expect(isCancellation(seen, op.token)).toBe(true);
  });

  test("moveOnAfter around it ends it after its clean-up, with the scope's error", async () => {
    let seen: CancellationError | undefined;
    const result = await moveOnAfter(3, () => toCancellable(() => observed((error) => (seen = error))));
    expect(result).toBeUndefined();
    expect(seen?.reason).toBe("timeout");
  });

  test("spawned tasks see the error too, and have ended", async () => {
    const seen: (CancellationError | undefined)[] = [];
    await moveOnAfter(3, () =>
      toCancellable(function* () {
        const scope = yield* useScope();
        scope.run(() => observed((error) => seen.push(error)));
        yield* suspend();
      }),
    );
    expect(seen).toMatchObject([{ reason: "timeout" }]);
  });

  test("an error during the clean-up comes out", async () => {
    const broken = new Error("could not release");
    const op = new Cancellable();
    const running = rejection(
      toCancellable(function* () {
        yield* ensure(() => {
          throw broken;
        });
        yield* suspend();
      }, op),
    );
    await turn();
    op.cancel();
    expect(await running).toBe(broken);
    expect(op.context.status).toBe("failed");
    expect(op.context.cancelRequested).toBe(true);
  });

  test("two cancellations halt it once, with the first reason", async () => {
    const seen: (CancellationError | undefined)[] = [];
    const op = new Cancellable();
    const running = rejection(toCancellable(() => observed((error) => seen.push(error)), op));
    await turn();
    op.cancel("manual", "first");
    op.cancel("manual", "second");
    expect(await running).toMatchObject({ message: "first" });
    expect(seen).toMatchObject([{ message: "first" }]);
  });

  test("CancelledBy is not set without a cancellation by the library", async () => {
    let seen: unknown = "not asked";
    const task = run(() => observed((error) => (seen = error)));
    await turn();
    await task.halt();
    expect(seen).toBeUndefined();
  });
});

describe("toCancellable: a halt by other code", () => {
  test("the halt is a ParentCancellation", async () => {
    const inner = deferred<Scope>();
    const outer = run(function* () {
      const scope = yield* useScope();
      inner.resolve(scope);
      yield* suspend();
    });
    const scope = await inner.promise;
    let work: Promise<unknown> | undefined;
    scope.run(function* () {
      work = rejection(toCancellable(() => suspend()));
      yield* suspend();
    });
    await turn();
    await outer.halt();
    const error = await (work as Promise<unknown>);
    expect(error).toBeInstanceOf(ParentCancellation);
    expect(error).toMatchObject({ reason: "parent" });
    expect((error as Error).message).toMatch(/its Effection task was halted|the surrounding Effection task/);
  });
});

describe("toCancellable: operations in library code in operations", () => {
  const Request = createContext<string>("test/request");

  test("it is below the scope that the library code runs in, for contexts and for halting", async () => {
    const seen = deferred<string | undefined>();
    let cleaned: CancellationError | undefined;
    const task = run(function* () {
      yield* Request.set("r-17");
      yield* fromCancellable(new Cancellable(), () =>
        toCancellable(function* () {
          seen.resolve(yield* Request.get());
          yield* observed((error) => (cleaned = error));
        }),
      );
    });
    expect(await seen.promise).toBe("r-17");
    await task.halt();
    expect(cleaned).toMatchObject({ reason: "parent" });
  });

  test("a task that fails with the operation's error fails its group", async () => {
    const failure = new Error("wrong");
    const ended: string[] = [];
    const error = await rejection(
      taskGroup(async (group) => {
        group.startSoon(() =>
          toCancellable(function* () {
            yield* pause(1);
            throw failure;
          }),
        );
        group.startSoon(() =>
          toCancellable(function* () {
            yield* ensure(() => void ended.push("sibling"));
            yield* suspend();
          }),
        );
        await sleepForever();
      }),
    );
    expect(error).toBe(failure);
    expect(ended).toEqual(["sibling"]);
  });
});
