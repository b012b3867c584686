import { expect } from "vitest";
import { Cancellable, OperationRegistry, registry } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectThrows, expectUsageError, thrown, wrong } from "../refusals.ts";
import { endAll, names, readUntil, running } from "./running.ts";

describeEverywhere("the operations of a registry", (everywhere) => {
  everywhere("register: true registers in the registry of the process only (PAR-REG-01)", async () => {
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

  everywhere("an operation with a registry as `register` is known there only", async () => {
    registry.clear();
    const [mine, yours] = [new OperationRegistry(), new OperationRegistry()];
    const all = [running({ name: "m", register: mine }), running({ name: "y", register: yours })];
    expect([mine, yours, registry].map((one) => names(one.list()))).toEqual([["m"], ["y"], []]);
    mine.clear();
    expect(yours.size).toBe(1);
    await endAll(all);
    expect([mine, yours].map((one) => names(one.history()))).toEqual([[], ["y"]]);
  });

  everywhere("values that are no registry and no operation are refused", async () => {
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
    "register() knows an operation before its start, and once, however often it is called",
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

  everywhere("unregister() forgets an operation that goes on (PAR-REG-02, PAR-REG-11)", async () => {
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
  everywhere("every operation that starts afterwards is registered, until the disposal", async () => {
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

  everywhere(
    "two registries with registerAll both know every operation, and stop independently",
    async () => {
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
    },
  );

  everywhere(
    "operations with register: true are also known to other registries with registerAll",
    async () => {
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
    },
  );
});

describeEverywhere("an operation that was registered with register()", (everywhere) => {
  everywhere(
    "the operation is in the history after its end, whether it was registered before or after its start",
    async () => {
      const registry = new OperationRegistry();
      const before = new Cancellable({ name: "before" });
      registry.register(before);
      await before.run(() => expect(registry.list()).toMatchObject([{ name: "before", status: "running" }]));
      const during = new Cancellable({ name: "during" });
      await during.run(() => registry.register(during));
      expect(registry.size).toBe(0);
      expect(registry.history().map(({ name }) => name)).toEqual(["before", "during"]);
    },
  );

  everywhere("a registry with registerAll knows the operation too", async () => {
    const all = new OperationRegistry();
    const other = new OperationRegistry();
    using _ = all.registerAll();
    await new Cancellable({ name: "both", register: other }).run(() => {
      expect([all.size, other.size]).toEqual([1, 1]);
    });
    expect([all.history(), other.history()]).toMatchObject([[{ name: "both" }], [{ name: "both" }]]);
  });

  everywhere("a cancellation before the start ends up in the history", async () => {
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
    expect(types).toEqual(["registered", "started", "cancelling", "ended"]);
  });

  everywhere("the snapshots contain copies of its progress", async () => {
    const registry = new OperationRegistry();
    await new Cancellable({ register: registry }).run((op) => {
      op.reportProgress({ current: 1, total: 2 });
      Object.assign(registry.list()[0]?.progress as object, { current: 99 });
      expect(op.context.progress).toEqual({ current: 1, total: 2 });
    });
  });
});
