import { expect } from "vitest";
import {
  Cancellable,
  type CancellableOptions,
  CancellationSource,
  OperationRegistry,
  registry,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";
import { expectThrows, expectUsageError, thrown, wrong } from "../refusals.ts";
import { endAll, names, readUntil, running } from "./running.ts";

class BrokenSource extends CancellationSource {
  override start(): never {
    throw new Error("cannot start");
  }
}

describeEverywhere("who is in a registry", (everywhere) => {
  everywhere("register: true is the one of the process, and only that (PAR-REG-01, BUG-89)", async () => {
    registry.clear();
    const other = new OperationRegistry();
    const one = running({ name: "known", register: true });
    const unknown = [running({ name: "unknown" }), running({ register: false })];
    expect([names(registry.list()), other.size]).toEqual([["known"], 0]);
    expect(new OperationRegistry().size).toBe(0);
    expect(registry.size).toBe(1);
    await endAll([one, ...unknown]);
    expect([registry.size, names(registry.history())]).toEqual([0, ["known"]]);
    registry.clear();
  });

  everywhere("register: a registry, each for itself (BUG-89)", async () => {
    registry.clear();
    const [mine, yours] = [new OperationRegistry(), new OperationRegistry()];
    const all = [running({ name: "m", register: mine }), running({ name: "y", register: yours })];
    expect([mine, yours, registry].map((one) => names(one.list()))).toEqual([["m"], ["y"], []]);
    mine.clear();
    expect(yours.size).toBe(1);
    await endAll(all);
    expect([mine, yours].map((one) => names(one.history()))).toEqual([[], ["y"]]);
  });

  everywhere("what is no registry is refused, and so is what is no operation", async () => {
    const register = new OperationRegistry();
    const expected = "true, false or a registry";
    expectThrows("TypeError", [
      [() => new Cancellable({ register: wrong(null) }), "options.register", expected, "null"],
      [() => new Cancellable({ register: wrong("yes") }), "options.register", expected, '"yes"'],
      [() => new Cancellable({ register: wrong({}) }), "options.register", expected, "{}"],
      [() => register.register(wrong(undefined)), "operation", "a Cancellable", "undefined"],
      [() => register.register(wrong({})), "operation", "a Cancellable", "{}"],
    ]);
    const ended = new Cancellable();
    await ended.run(() => {});
    expectUsageError(
      thrown(() => register.register(ended)),
      "ERR_ENDED",
      /^operation has already ended/,
    );
    expect(register.size).toBe(0);
  });

  everywhere(
    "register knows an operation before it starts, and once however often it is called",
    async () => {
      const register = new OperationRegistry();
      const op = new Cancellable({ name: "later", register });
      register.register(op);
      register.register(op);
      expect(register.list({ status: "pending" })).toHaveLength(1);
      await op.run(() => {
        register.register(op);
        expect(register.list().map(({ status }) => status)).toEqual(["running"]);
      });
      expect([register.size, register.history().length]).toEqual([0, 1]);
    },
  );

  everywhere("unregister forgets an operation that goes on (PAR-REG-02, PAR-REG-11)", async () => {
    const register = new OperationRegistry();
    const one = running({ id: "one", register });
    expect(register.unregister("one")).toBe(true);
    expect(register.unregister("one")).toBe(false);
    expect([register.get("one"), register.size, one.op.status]).toEqual([undefined, 0, "running"]);
    await one.end();
    expect([register.size, register.history()]).toEqual([0, []]);
  });
});

describeEverywhere("registerAll", (everywhere) => {
  everywhere("knows every operation that starts from then on, until it is disposed of", async () => {
    const register = new OperationRegistry();
    const before = running({ name: "before" });
    const watching = register.registerAll();
    const all = [running({ name: "a" }), running({ name: "b", register: false })];
    expect(names(register.list())).toEqual(["a", "b"]);
    watching[Symbol.dispose]();
    watching[Symbol.dispose]();
    const after = running({ name: "after" });
    expect(register.size).toBe(2);
    await endAll([before, after, ...all]);
    expect([register.size, names(register.history()).sort()]).toEqual([0, ["a", "b"]]);
  });

  everywhere("of two registries both know all, and each stops for itself", async () => {
    const [first, second] = [new OperationRegistry(), new OperationRegistry()];
    const [a, b] = [first.registerAll(), second.registerAll()];
    await new Cancellable({ name: "both" }).run(() => {});
    b[Symbol.dispose]();
    await new Cancellable({ name: "first" }).run(() => {});
    const again = first.registerAll();
    for (let i = 0; i < 2; i++) a[Symbol.dispose]();
    await new Cancellable({ name: "still" }).run(() => {});
    again[Symbol.dispose]();
    await new Cancellable({ name: "none" }).run(() => {});
    expect([first, second].map((one) => names(one.history()))).toEqual([
      ["both", "first", "still"],
      ["both"],
    ]);
  });

  everywhere("knows operations with register: true as well, which the process's one knows too", async () => {
    registry.clear();
    const register = new OperationRegistry();
    const events = registry.watch();
    {
      using _all = register.registerAll();
      using _standing = registry.registerAll();
      await new Cancellable({ name: "one", register: true }).run((op) => op.reportProgress("half"));
    }
    expect([registry, register].map((one) => names(one.history()))).toEqual([["one"], ["one"]]);
    expect(await readUntil(events, "ended one half")).toEqual([
      "registered one",
      "started one",
      "progress one half",
      "ended one half",
    ]);
    registry.clear();
  });
});

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
      const op = Cancellable.withTimeout(5, { ...options, grace: 5 });
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

describeEverywhere("an operation that was registered by hand", (everywhere) => {
  everywhere("is history when it has ended, started before or after", async () => {
    const registry = new OperationRegistry();
    const before = new Cancellable({ name: "before" });
    registry.register(before);
    await before.run(() => expect(registry.list()).toMatchObject([{ name: "before", status: "running" }]));
    const during = new Cancellable({ name: "during" });
    await during.run(() => registry.register(during));
    expect(registry.size).toBe(0);
    expect(registry.history().map(({ name }) => name)).toEqual(["before", "during"]);
  });

  everywhere("is known to a registry of all as well, wherever else it is registered", async () => {
    const all = new OperationRegistry();
    const other = new OperationRegistry();
    using _ = all.registerAll();
    await new Cancellable({ name: "both", register: other }).run(() => {
      expect([all.size, other.size]).toEqual([1, 1]);
    });
    expect([all.history(), other.history()]).toMatchObject([[{ name: "both" }], [{ name: "both" }]]);
  });

  everywhere("that is cancelled before its start tells so", async () => {
    const registry = new OperationRegistry();
    const watcher = registry.watch();
    const op = new Cancellable({ register: registry });
    op.cancel("shutdown");
    await op.settle(() => {});
    const types = [];
    for await (const { type } of watcher) {
      types.push(type);
      if (type === "ended") break;
    }
    expect(types).toEqual(["registered", "started", "cancelled", "ended"]);
  });

  everywhere("hands out copies of its progress (BUG-86)", async () => {
    const registry = new OperationRegistry();
    await new Cancellable({ register: registry }).run((op) => {
      op.reportProgress({ current: 1, total: 2 });
      Object.assign(registry.list()[0]?.progress as object, { current: 99 });
      expect(op.context.progress).toEqual({ current: 1, total: 2 });
    });
  });
});
