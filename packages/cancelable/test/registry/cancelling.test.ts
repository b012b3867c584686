import { expect, vi } from "vitest";
import { Cancellable, type ObservedOperation, OperationRegistry, sleepForever } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectThrows, wrong } from "../refusals.ts";
import { endAll, names, running } from "./running.ts";

describeEverywhere("cancelling one operation of a registry", (everywhere) => {
  everywhere(
    "cancel(id) cancels at once, and the operation ends with the reason (PAR-REG-04, PAR-REG-12)",
    async () => {
      const register = new OperationRegistry();
      const [one, other] = [running({ id: "one", register }), running({ id: "other", register })];
      expect(register.cancel("one", "shutdown", "going down")).toBe(true);
      expect([one.op.isCancelled, other.op.isCancelled]).toEqual([true, false]);
      expect(register.cancel("one")).toBe(false);
      expect(await one.outcome).toMatchObject({
        status: "cancelled",
        error: { reason: "shutdown", message: "going down" },
      });
      expect(register.cancel("one")).toBe(false);
      await other.end();
    },
  );

  everywhere("an unknown id gives false and undefined (PAR-REG-04, PAR-REG-11)", () => {
    const register = new OperationRegistry();
    expect(register.cancel("nobody", "manual", "x")).toBe(false);
    expect(register.unregister("nobody")).toBe(false);
    expect(register.get("nobody")).toBeUndefined();
    expect(register.get("__proto__")).toBeUndefined();
  });

  everywhere("ids and reasons of the wrong type are refused, also without live operations", () => {
    const register = new OperationRegistry();
    expectThrows("TypeError", [
      [() => register.cancel(wrong(7)), "id", "a string", "7"],
      [() => register.get(wrong(null)), "id", "a string", "null"],
      [() => register.unregister(wrong({})), "id", "a string", "{}"],
      [() => register.cancel("x", "manual", wrong(7)), "message", "a string", "7"],
      [() => register.cancelAll({}, "manual", wrong(7)), "message", "a string", "7"],
    ]);
    expect(() => register.cancelAll({}, wrong("Because"))).toThrow(
      /^reason must be a word .*; got "Because"$/,
    );
  });
});

describeEverywhere("cancelling many operations of a registry", (everywhere) => {
  everywhere(
    "cancelAll cancels every running operation with the reason and returns their number (PAR-REG-05, PAR-REG-12)",
    async () => {
      const register = new OperationRegistry();
      const all = [1, 2, 3].map((id) => running({ id: `${id}`, register }));
      expect(register.cancelAll(undefined, "shutdown", "bye")).toBe(3);
      expect(all.every(({ op }) => op.isCancelled)).toBe(true);
      expect(register.cancelAll()).toBe(0);
      for (const { outcome } of all)
        expect(await outcome).toMatchObject({ error: { reason: "shutdown", message: "bye" } });
      expect(register.cancelAll()).toBe(0);
    },
  );

  everywhere("cancelAll with a filter cancels only the operations that match (PAR-REG-05)", async () => {
    const register = new OperationRegistry();
    const all = ["import a", "import b", "export"].map((name) => running({ name, register }));
    all[0]?.op.cancel();
    expect(register.cancelAll({ status: "running", name: "import" })).toBe(1);
    expect(all.map(({ op }) => op.isCancelled)).toEqual([true, true, false]);
    expect(register.cancelAll({ status: "failed" })).toBe(0);
    await endAll(all);
    expect(names(register.history({ status: "cancelled" })).sort()).toEqual(["import a", "import b"]);
  });

  everywhere("parents and their children each get the reason, and each counts", async () => {
    const register = new OperationRegistry();
    const parent = new Cancellable({ name: "above", register });
    const outcome = parent.settle(async () => {
      const below = new Cancellable({ name: "below", register });
      await below.run(() => sleepForever());
    });
    expect(register.cancelAll({}, "shutdown")).toBe(2);
    expect(await outcome).toMatchObject({ status: "cancelled", error: { cause: { reason: "shutdown" } } });
    const alone = new Cancellable({ register });
    register.register(alone);
    register.cancel(alone.id);
    expect(alone.error?.cause).toBeUndefined();
    register.unregister(alone.id);
    expect(register.history().map(({ name, cancelReason }) => [name, cancelReason])).toEqual([
      ["below", "shutdown"],
      ["above", "shutdown"],
    ]);
  });

  everywhere(
    "a callback that throws does not keep other operations from being cancelled (PAR-REG-05)",
    async (t) => {
      const register = new OperationRegistry();
      const failure = new Error("a listener's");
      const all = [1, 2, 3].map((id) => running({ id: `${id}`, register }));
      all[1]?.op.token.onCancel(() => {
        throw failure;
      });
      expect(register.cancelAll()).toBe(3);
      expect(t.reported.splice(0)).toEqual([failure]);
      await Promise.all(all.map(({ outcome }) => outcome));
      expect(register.size).toBe(0);
    },
  );

  everywhere("an operation whose cancel() throws is reported and not counted (PAR-REG-05)", async (t) => {
    const register = new OperationRegistry();
    const failure = new Error("cannot");
    const all = [1, 2].map((id) => running({ id: `${id}`, register }));
    const stubborn: ObservedOperation = {
      id: "stubborn",
      name: undefined,
      parent: undefined,
      observe() {},
      context: new Cancellable().context,
      cancel() {
        throw failure;
      },
    };
    register.register(stubborn);
    expect(register.cancelAll()).toBe(2);
    expect(register.cancel("stubborn")).toBe(false);
    expect(t.reported.splice(0)).toEqual([failure, failure]);
    await endAll(all);
    expect(register.unregister("stubborn")).toBe(true);
  });

  everywhere("callbacks may start and forget operations during cancelAll", async () => {
    const register = new OperationRegistry();
    const all = [1, 2, 3].map((id) => running({ id: `${id}`, register }));
    let late: ReturnType<typeof running> | undefined;
    all[2]?.op.token.onCancel(() => {
      register.unregister("2");
      late = running({ id: "late", register });
    });
    expect(register.cancelAll()).toBe(3);
    expect(names(register.list({ status: "running" }))).toHaveLength(3);
    expect(late?.op.isCancelled).toBe(false);
    await late?.end();
    await Promise.all(all.map(({ outcome }) => outcome));
    expect(register.size).toBe(0);
  });
});

describeEverywhere("several operations with the same id", (everywhere) => {
  everywhere("each operation is known until it ends, whichever ends first", async () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
    ]) {
      const register = new OperationRegistry();
      const all = ["first", "second", "third"].map((name) => running({ id: "same", name, register }));
      const left = new Set(["first", "second", "third"]);
      for (const index of order) {
        expect(names(register.list()).sort()).toEqual([...left].sort());
        expect(register.size).toBe(left.size);
        expect(register.get("same")?.name).toBe([...left][0]);
        const one = all[index];
        await one?.end();
        left.delete(one?.op.name ?? "");
      }
      expect([register.size, register.list(), register.get("same")]).toEqual([0, [], undefined]);
      expect(register.history()).toHaveLength(3);
    }
  });

  everywhere("cancel(id) cancels all of them, and each calls its callbacks", async () => {
    const register = new OperationRegistry();
    const all = ["first", "second"].map((name) => running({ id: "same", name, register }));
    const heard = vi.fn();
    for (const { op } of all) op.onCancel(heard);
    expect(register.cancel("same")).toBe(true);
    expect(register.cancel("same")).toBe(false);
    await Promise.all(all.map(({ outcome }) => outcome));
    expect(heard).toHaveBeenCalledTimes(2);
    expect(register.statistics().past.byStatus).toEqual({ cancelled: 2 });
  });

  everywhere("unregister(id) forgets all of them, and they go on", async () => {
    const register = new OperationRegistry();
    const all = ["first", "second"].map((name) => running({ id: "same", name, register }));
    expect(register.unregister("same")).toBe(true);
    expect([register.size, register.list(), register.unregister("same")]).toEqual([0, [], false]);
    await endAll(all);
    expect(all.map(({ op }) => op.status)).toEqual(["completed", "completed"]);
    expect(register.history()).toEqual([]);
  });
});
