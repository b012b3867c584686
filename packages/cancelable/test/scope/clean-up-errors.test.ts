import { expect } from "vitest";
import {
  any,
  Cancellable,
  CancellationToken,
  CancelScope,
  cancellableStream,
  failAfter,
  isCancellation,
  moveOnAfter,
  race,
  shield,
  sleep,
  sleepForever,
  TimeoutCancellation,
  taskGroup,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

/** The error of a block with `await using` whose body and disposal both threw, as compilers write it. */
const suppressed = (error: unknown, before: unknown): Error =>
  Object.assign(new Error("An error was suppressed during disposal."), {
    name: "SuppressedError",
    error,
    suppressed: before,
  });

/** A block with `await using`, compiled: the body waits, and the disposal is `dispose`. */
async function usingBlock(dispose: () => Promise<unknown>): Promise<void> {
  let failure: unknown;
  try {
    await sleepForever();
  } catch (error) {
    failure = error;
  }
  try {
    await dispose();
  } catch (error) {
    throw suppressed(error, failure);
  }
  throw failure;
}

describeEverywhere("the clean-up of a cancelled scope that runs out of time", (everywhere) => {
  const hung = (): Promise<unknown> => shield(() => sleepForever(), { timeout: 2 });
  const cleanUps: Readonly<Record<string, () => Promise<unknown>>> = {
    "a shield with a timeout": hung,
    "a failAfter in a shield": () => shield(() => failAfter(2, () => sleepForever())),
    "an operation without a parent": () =>
      Cancellable.withTimeout(2, { parent: null }).run(() => sleepForever()),
  };

  for (const [name, cleanUp] of Object.entries(cleanUps)) {
    const work = async (): Promise<void> => {
      try {
        await sleepForever();
      } finally {
        await cleanUp();
      }
    };

    everywhere(`${name} is heard in a scope, an operation and a group (rule 4)`, async () => {
      // Cancelled when it has begun, because a limit can have passed before the body is called.
      const cancelledSoon = (op: CancelScope | Cancellable): Promise<void> => {
        void sleep(1).then(() => op.cancel());
        return work();
      };
      const scope = new CancelScope().run(cancelledSoon);
      expect(await rejection(scope)).toMatchObject({ reason: "timeout", timeoutMs: 2 });
      const outcome = await new Cancellable().settle(cancelledSoon);
      expect(outcome).toMatchObject({ status: "failed", error: { timeoutMs: 2 } });
      const group = taskGroup((tasks) => {
        tasks.startSoon(work);
        tasks.startSoon(() => sleep(1).then(() => tasks.cancel()));
      });
      expect(await rejection(group)).toMatchObject({ reason: "timeout", timeoutMs: 2 });
    });
  }

  everywhere("a task that lost a race and fails in its clean-up is reported", async ({ reported }) => {
    const loser = async (): Promise<void> => {
      try {
        await sleepForever();
      } finally {
        await hung();
      }
    };
    await race([loser, () => sleep(1)]);
    await any([loser, () => sleep(1)]);
    expect(reported.splice(0)).toMatchObject([{ timeoutMs: 2 }, { timeoutMs: 2 }]);
  });

  everywhere("the source of a cancelled stream that fails in its clean-up is heard", async () => {
    async function* source(): AsyncGenerator<number> {
      try {
        yield 1;
        await sleepForever();
      } finally {
        await hung();
      }
    }
    const token = new CancellationToken();
    const stream = cancellableStream(source(), { token });
    const reading = (async () => {
      for await (const _ of stream) void sleep(1).then(() => token.cancel());
    })();
    const error = await rejection(reading);
    expect(error).toMatchObject({ timeoutMs: 2 });
    expect(stream.operation.status).toBe("failed");
  });

  everywhere(
    "an API that gets the signal of the scope throws the scope's own error, also for a timeout",
    async () => {
      const scope = new CancelScope({ timeout: 1 });
      await scope.run(
        ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
          }),
      );
      expect(scope.cancelledCaught).toBe(true);
    },
  );

  everywhere(
    "an API that got a signal, token or parent of the operation throws their error, which counts",
    async () => {
      const controller = new AbortController();
      const late = new DOMException("too late", "TimeoutError");
      const op = Cancellable.withAbortSignal(controller.signal);
      const outcome = await op.settle(() => {
        controller.abort(late);
        throw controller.signal.reason;
      });
      expect(outcome.status).toBe("cancelled");

      const token = new CancellationToken();
      const followed = await new Cancellable({ token }).settle(() => {
        token.cancel("shutdown");
        token.check();
      });
      expect(followed).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });

      const outer = new Cancellable();
      const inner = new Cancellable();
      await outer.settle(async () => {
        const ending = await inner.settle(() => {
          outer.cancel();
          outer.check();
        });
        expect(ending).toMatchObject({ status: "cancelled", error: { reason: "parent" } });
      });
    },
  );
});

describeEverywhere("code that got a foreign signal and throws the signal's reason (rule 4)", (everywhere) => {
  for (const reason of [new Error("the client left"), "the client left", new TypeError("x")]) {
    everywhere(`is cancelled by the signal, also below, for ${String(reason)}`, async () => {
      const aborted = (): [AbortController, () => never] => {
        const controller = new AbortController();
        const work = (): never => {
          controller.abort(reason);
          throw controller.signal.reason;
        };
        return [controller, work];
      };
      const [first, work] = aborted();
      expect((await Cancellable.withAbortSignal(first.signal).settle(work)).status).toBe("cancelled");

      const [second, below] = aborted();
      const outcome = await Cancellable.withAbortSignal(second.signal).settle(async () => {
        const child = new Cancellable();
        expect((await child.settle(below)).status).toBe("cancelled");
        await sleep(1);
      });
      expect(outcome.status).toBe("cancelled");

      const [third, fail] = aborted();
      expect(await moveOnAfter(60_000, fail, { signal: third.signal })).toBeUndefined();

      const [fourth, last] = aborted();
      const token = CancellationToken.from(fourth.signal);
      expect((await new Cancellable({ token }).settle(last)).status).toBe("cancelled");
      expect(isCancellation(reason, token)).toBe(true);
      expect(isCancellation(new Error("outer", { cause: reason }), token)).toBe(typeof reason === "object");
    });
  }

  everywhere("fails with another error, and in an operation that the signal did not cancel", async () => {
    const controller = new AbortController();
    const op = new Cancellable();
    const outcome = await op.settle(() => {
      op.cancel();
      controller.abort(new Error("the client left"));
      throw controller.signal.reason;
    });
    expect(outcome).toEqual({ status: "failed", error: controller.signal.reason });
  });
});

describeEverywhere("a SuppressedError (rule 4)", (everywhere) => {
  everywhere("of two cancellations of the scope is its cancellation", async () => {
    const block = (): Promise<void> => usingBlock(() => sleep(1));
    const scope = new CancelScope({ timeout: 2 });
    expect(await scope.run(block)).toBeUndefined();
    expect(scope.cancelledCaught).toBe(true);
    expect(await rejection(failAfter(2, block))).toBeInstanceOf(TimeoutCancellation);
    expect((await Cancellable.withTimeout(2).settle(block)).status).toBe("cancelled");
    await taskGroup(async (group) => {
      const task = group.startSoon(block);
      await sleep(1);
      task.cancel();
      await task.wait();
      expect(task.status).toBe("cancelled");
    });
    expect(await race([block, () => sleep(1).then(() => "first")])).toBe("first");
    const token = new CancellationToken();
    token.cancel();
    expect(isCancellation(suppressed(token.error, token.error), token)).toBe(true);
  });

  everywhere("with one half of another kind leaves that half", async () => {
    const broken = new Error("the connection broke");
    const block = (): Promise<void> => usingBlock(() => Promise.reject(broken));
    // Long enough for the body to start before its deadline, also on a loaded machine.
    expect(await rejection(moveOnAfter(200, block))).toBe(broken);
    expect(await Cancellable.withTimeout(200).settle(block)).toEqual({ status: "failed", error: broken });
    const scope = new CancelScope();
    const error = await rejection(
      scope.run(() => {
        scope.cancel();
        throw suppressed(scope.error, broken);
      }),
    );
    expect(error).toBe(broken);
  });

  everywhere(
    "with two other halves stays the same object, and loses cancellations inside its halves",
    async () => {
      const [first, second] = [new Error("first"), new Error("second")];
      const thrown = async (make: (own: unknown) => unknown): Promise<unknown> => {
        const scope = new CancelScope();
        return rejection(
          scope.run(() => {
            scope.cancel();
            throw make(scope.error);
          }),
        );
      };
      const both = suppressed(first, second);
      expect(await thrown(() => both)).toBe(both);
      const cleaned = await thrown((own) => suppressed(new AggregateError([first, own]), second));
      expect(cleaned).toMatchObject({ name: "SuppressedError", suppressed: second, message: both.message });
      expect((cleaned as { error: AggregateError }).error.errors).toEqual([first]);
    },
  );
});

describeEverywhere("a deeply nested error", (everywhere) => {
  const depth = 10_000;
  const wrappers: Readonly<Record<string, (error: unknown) => unknown>> = {
    AggregateError: (error) => new AggregateError([error]),
    SuppressedError: (error) => suppressed(error, error),
    "a cause": (error) => new Error("outer", { cause: error }),
  };

  for (const [name, wrap] of Object.entries(wrappers)) {
    everywhere(`${depth} times ${name} around the scope's cancellation is absorbed`, async () => {
      const scope = new CancelScope();
      await scope.run(() => {
        scope.cancel();
        let error: unknown = scope.error;
        for (let i = 0; i < depth; i++) error = wrap(error);
        throw error;
      });
      expect(scope.cancelledCaught).toBe(true);
    });
  }

  everywhere(
    "an error whose cause contains a real error too comes out unchanged, and a group keeps its cause",
    async () => {
      const [real, reason] = [new Error("real"), new Error("why")];
      const thrown = async (make: (own: unknown) => unknown): Promise<unknown> => {
        const scope = new CancelScope();
        return rejection(
          scope.run(() => {
            scope.cancel();
            throw make(scope.error);
          }),
        );
      };
      let outer: Error | undefined;
      const error = await thrown((own) => {
        outer = new Error("outer", { cause: new AggregateError([own, real]) });
        return outer;
      });
      expect(error).toBe(outer);
      const group = await thrown((own) => new AggregateError([own, real], "both", { cause: reason }));
      expect(group).toMatchObject({ message: "both", cause: reason, errors: [real] });
    },
  );

  everywhere(
    "a group of another realm, and a group that contains only itself besides, are absorbed",
    async () => {
      const absorbs = async (make: (own: unknown) => unknown): Promise<boolean> => {
        const scope = new CancelScope();
        await scope.run(() => {
          scope.cancel();
          throw make(scope.error);
        });
        return scope.cancelledCaught;
      };
      const foreign = (own: unknown): unknown => ({ name: "AggregateError", message: "", errors: [own] });
      const circle = (own: unknown): unknown => {
        const group = new AggregateError([own]);
        group.errors.push(group);
        return group;
      };
      expect([await absorbs(foreign), await absorbs(circle)]).toEqual([true, true]);
    },
  );
});
