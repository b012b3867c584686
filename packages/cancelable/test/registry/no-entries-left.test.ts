import { expect } from "vitest";
import {
  Cancellable,
  type CancellableOptions,
  CancellationSource,
  OperationRegistry,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

class BrokenSource extends CancellationSource {
  override start(): never {
    throw new Error("cannot start");
  }
}

describeEverywhere("no entry is left after", (everywhere) => {
  /** Runs what `act` does with registered operations, and asserts how they went into history. */
  const leaves = async (
    statuses: readonly string[],
    act: (register: OperationRegistry, options: CancellableOptions) => Promise<unknown>,
  ): Promise<void> => {
    const register = new OperationRegistry();
    await act(register, { name: "one", register });
    expect(register.list()).toEqual([]);
    expect([register.size, register.tree()]).toEqual([0, []]);
    expect(register.history().map(({ status }) => status)).toEqual(statuses);
  };

  everywhere("a value, an error, a throw before the first await", () =>
    leaves(["completed", "failed", "failed"], async (_, options) => {
      await new Cancellable(options).run(() => 1);
      await new Cancellable(options).settle(() => Promise.reject(new Error("broken")));
      await new Cancellable(options).settle(() => {
        throw new Error("broken at once");
      });
    }),
  );

  everywhere("a timeout, and a cancellation before it started", () =>
    leaves(["cancelled", "cancelled"], async (_, options) => {
      await Cancellable.withTimeout(1, options).settle(() => sleepForever());
      const op = new Cancellable(options);
      op.cancel();
      await op.settle(() => {});
    }),
  );

  everywhere("a cancellation from outside, while its clean-up awaits (BUG-30)", () =>
    leaves(["cancelled", "cancelled"], async (register, options) => {
      await Cancellable.withTimeout(5, options).settle(async () => {
        await new Cancellable(options).run(async (op) => {
          try {
            await sleepForever();
          } finally {
            await op.shield(() => op.shield(() => Promise.resolve()));
            expect(register.size).toBe(2);
          }
        });
      });
    }),
  );

  everywhere("the failure of a sibling in a group", () =>
    leaves(["cancelled"], async (_, options) => {
      await rejection(
        taskGroup(async (group) => {
          group.startSoon(() => new Cancellable(options).run(() => sleepForever()));
          group.startSoon(() => Promise.reject(new Error("sibling")));
        }),
      );
    }),
  );

  everywhere("a source that cannot start (BUG-34)", () =>
    leaves([], async (_, options) => {
      const op = new Cancellable(options).addSource(new BrokenSource());
      expect(await rejection(op.run(() => {}))).toMatchObject({ message: "cannot start" });
      expect(op.status).toBe("failed");
      const handle = new Cancellable(options).addSource(new BrokenSource());
      expect(() => handle.start()).toThrow("cannot start");
    }),
  );

  everywhere("a parent that has ended", () =>
    leaves(["completed"], async (_, options) => {
      const parent = new Cancellable(options);
      const late = new Cancellable({ ...options, parent });
      await parent.run(() => {});
      await rejection(late.run(() => {}));
    }),
  );

  everywhere("a body that was abandoned", () =>
    leaves(["cancelled"], async (register, options) => {
      const foreign = deferred();
      const op = Cancellable.withTimeout(5, { ...options, graceMs: 5 });
      expect(await op.settle(() => foreign.promise)).toMatchObject({ abandoned: true });
      expect(register.size).toBe(0);
      foreign.resolve();
    }),
  );

  everywhere("a handle that was disposed of, and one that was cancelled", () =>
    leaves(["completed", "cancelled"], async (register, options) => {
      {
        await using _ = new Cancellable(options).start();
        expect(register.size).toBe(1);
      }
      const cancelled = new Cancellable(options).start();
      cancelled.cancel();
      expect(register.size).toBe(1);
      await cancelled[Symbol.asyncDispose]();
    }),
  );

  everywhere("callbacks that throw", async (t) => {
    await leaves(["completed"], async (_, options) => {
      const failing = (): never => {
        throw new Error("callback");
      };
      await new Cancellable(options)
        .onStart(failing)
        .onComplete(failing)
        .run(() => {});
    });
    expect(t.reported.splice(0)).toHaveLength(2);
  });

  everywhere("10,000 endings of every kind, and the history keeps its size", async () => {
    const register = new OperationRegistry({ history: 10 });
    for (let i = 0; i < 10_000; i++) {
      const op = new Cancellable({ register });
      if (i % 3 === 1) op.cancel();
      await op.settle(() => {
        if (i % 3 === 2) throw new Error("broken");
      });
    }
    expect([register.size, register.history().length]).toEqual([0, 10]);
    expect(register.statistics().past.byStatus).toEqual({
      completed: 3_334,
      cancelled: 3_333,
      failed: 3_333,
    });
  });
});
