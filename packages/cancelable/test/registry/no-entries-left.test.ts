import { expect } from "vitest";
import {
  Cancellable,
  type CancellableOptions,
  CancellationSource,
  OperationRegistry,
  sleepForever,
  TimeoutSource,
  taskGroup,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

class BrokenSource extends CancellationSource {
  override start(): never {
    throw new Error("cannot start");
  }
}

describeEverywhere("the entry of an operation is removed (rule 24)", (everywhere) => {
  /** Runs `act` with registered operations, and checks their entries in the history. */
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

  everywhere("after a value, an error, and a throw before the first await", () =>
    leaves(["completed", "failed", "failed"], async (_, options) => {
      await new Cancellable(options).run(() => 1);
      await new Cancellable(options).settle(() => Promise.reject(new Error("broken")));
      await new Cancellable(options).settle(() => {
        throw new Error("broken at once");
      });
    }),
  );

  everywhere("after a timeout, and after a cancellation before the start", () =>
    leaves(["cancelled", "cancelled"], async (_, options) => {
      await Cancellable.withTimeout(1, options).settle(() => sleepForever());
      const op = new Cancellable(options);
      op.cancel();
      await op.settle(() => {});
    }),
  );

  everywhere("after a cancellation from outside, also while the clean-up waits", () =>
    leaves(["cancelled", "cancelled"], async (register, options) => {
      await Cancellable.withTimeout(200, options).settle(async () => {
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

  everywhere("after the failure of a sibling in a group", () =>
    leaves(["cancelled"], async (_, options) => {
      await rejection(
        taskGroup(async (group) => {
          group.startSoon(() => new Cancellable(options).run(() => sleepForever()));
          group.startSoon(() => Promise.reject(new Error("sibling")));
        }),
      );
    }),
  );

  everywhere("after a source that cannot start", () =>
    leaves(["failed", "failed"], async (_, options) => {
      const op = new Cancellable(options).addSource(new BrokenSource());
      expect(await rejection(op.run(() => {}))).toMatchObject({ message: "cannot start" });
      expect(op.status).toBe("failed");
      const handle = new Cancellable(options).addSource(new BrokenSource());
      expect(() => handle.start()).toThrow("cannot start");
    }),
  );

  everywhere("after the end of the parent", () =>
    leaves(["completed"], async (_, options) => {
      const parent = new Cancellable(options);
      const late = new Cancellable({ ...options, parent });
      await parent.run(() => {});
      await rejection(late.run(() => {}));
    }),
  );

  everywhere("after a body that was abandoned", () =>
    leaves(["cancelled"], async (register, options) => {
      const foreign = deferred();
      const op = new Cancellable({ ...options, grace: 5 });
      const outcome = await op.settle(() => {
        op.addSource(new TimeoutSource(5));
        return foreign.promise;
      });
      expect(outcome).toMatchObject({ abandoned: true });
      expect(register.size).toBe(0);
      foreign.resolve();
    }),
  );

  everywhere("after the disposal of a handle, also of a cancelled one", () =>
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

  everywhere("after callbacks that throw", async (t) => {
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

  everywhere("after 10,000 ends of every kind, with a history of constant size", async () => {
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
