import { expect } from "vitest";
import {
  Cancellable,
  MemoryStore,
  type OperationEvent,
  OperationRegistry,
  type OperationStore,
  type StoredOperation,
  sleepForever,
} from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectThrows, wrong } from "../refusals.ts";
import { endAll, names, readUntil, running } from "./running.ts";

/** A store that calls `act` at every change and records the changes. */
class TellTale implements OperationStore {
  readonly told: string[] = [];
  readonly #act: (operation: StoredOperation, type: OperationEvent["type"]) => void | PromiseLike<void>;

  constructor(act: TellTale["put"] = () => {}) {
    this.#act = act;
  }

  put(operation: StoredOperation, type: OperationEvent["type"]): void | PromiseLike<void> {
    this.told.push(`${type} ${operation.snapshot().name}, ${operation.snapshot().status}`);
    return this.#act(operation, type);
  }

  remove(id: string): void | PromiseLike<void> {
    this.told.push(`remove ${id}`);
    return this.#act(wrong({ id }), "ended");
  }
}

describeEverywhere("the store of a registry", (everywhere) => {
  everywhere("the store may read an operation that the registry has forgotten", async () => {
    const kept: StoredOperation[] = [];
    const store = new TellTale((operation) => void kept.push(operation));
    const register = new OperationRegistry({ store });
    const one = running({ id: "1", name: "a", register });
    register.unregister("1");
    one.op.reportProgress("half");
    expect(kept[0]?.snapshot()).toMatchObject({ id: "1", name: "a", progress: "half" });
    await one.end();
    expect(kept[0]?.snapshot()).toMatchObject({ status: "completed" });
  });

  everywhere("the store receives everything that a registry learns, in order", async () => {
    const store = new TellTale();
    const register = new OperationRegistry({ store });
    const op = new Cancellable({ id: "1", name: "a", register });
    const outcome = op.settle(() => {
      op.reportProgress("half");
      return sleepForever();
    });
    op.cancel();
    await outcome;
    expect(store.told).toEqual([
      "registered a, running",
      "started a, running",
      "progress a, running",
      "cancelling a, running",
      "ended a, cancelled",
      "remove 1",
    ]);
  });

  everywhere(
    "the store removes unregistered and cleared operations, and receives nothing of them afterwards",
    async () => {
      const store = new TellTale();
      const register = new OperationRegistry({ store });
      const all = ["1", "2"].map((id) => running({ id, register }));
      register.unregister("1");
      register.clear();
      store.told.splice(0, 4);
      all[0]?.op.reportProgress("news");
      await endAll(all);
      expect(store.told).toEqual(["remove 1", "remove 2"]);
    },
  );

  everywhere("a store that throws is reported each time and affects no operation", async (t) => {
    const failure = new Error("the store's");
    const store = new TellTale(() => {
      throw failure;
    });
    const register = new OperationRegistry({ store });
    const events = register.watch();
    expect(await new Cancellable({ name: "a", register }).run(() => 42)).toBe(42);
    expect(t.reported.splice(0)).toEqual([failure, failure, failure, failure]);
    expect(await readUntil(events, "ended a")).toEqual(["registered a", "started a", "ended a"]);
    expect([register.size, names(register.history())]).toEqual([0, ["a"]]);
  });

  everywhere("a store that rejects is reported each time and affects no operation", async (t) => {
    const failure = new Error("the store's");
    const rejected: Promise<void>[] = [];
    const store = new TellTale(() => {
      const told = Promise.reject(failure);
      rejected.push(told);
      return told;
    });
    const register = new OperationRegistry({ store });
    const one = running({ id: "1", register });
    expect(register.cancel("1")).toBe(true);
    expect((await one.outcome).status).toBe("cancelled");
    await Promise.allSettled(rejected);
    expect(t.reported.splice(0)).toEqual(Array.from({ length: 5 }, () => failure));
    expect(register.size).toBe(0);
  });

  everywhere("watchers see cancellations by the store in order", async () => {
    const store = new TellTale((operation, type) => {
      if (type === "started") operation.cancel("shutdown", "not here");
    });
    const register = new OperationRegistry({ store });
    const events = register.watch();
    const outcome = await new Cancellable({ name: "a", register }).settle(() => sleepForever());
    expect(outcome).toMatchObject({
      status: "cancelled",
      error: { reason: "shutdown", message: "not here" },
    });
    expect(await readUntil(events, "ended a")).toEqual([
      "registered a",
      "started a",
      "cancelling a",
      "ended a",
    ]);
  });

  everywhere("a value that is no store is refused", () => {
    const expected = "an OperationStore";
    expectThrows("TypeError", [
      [() => new OperationRegistry({ store: wrong({}) }), "options.store", expected, "{}"],
      [() => new OperationRegistry({ store: wrong(null) }), "options.store", expected, "null"],
    ]);
  });
});

describeEverywhere("MemoryStore", (everywhere) => {
  everywhere(
    "the store lists the operations of several registries with filters, and cancels them",
    async () => {
      const store = new MemoryStore();
      const registers = [new OperationRegistry({ store }), new OperationRegistry({ store })];
      const all = registers.map((register, i) => running({ id: `${i}`, name: `job ${i}`, register }));
      expect(names(store.list())).toEqual(["job 0", "job 1"]);
      expect(names(store.list({ name: "1", status: "running" }))).toEqual(["job 1"]);
      expect([store.get("1")?.name, store.get("2")]).toEqual(["job 1", undefined]);
      expect(() => store.list(wrong({ status: "done" }))).toThrow(RangeError);
      expect(store.requestCancel("nobody")).toBe(false);
      expect(store.requestCancel("0", "shutdown", "from afar")).toBe(true);
      expect(store.requestCancel("0")).toBe(false);
      expect(await all[0]?.outcome).toMatchObject({ error: { reason: "shutdown", message: "from afar" } });
      expect(names(store.list())).toEqual(["job 1"]);
      await endAll(all);
      expect([store.list(), store.requestCancel("1")]).toEqual([[], false]);
    },
  );

  everywhere("the list contains copies", async () => {
    const store = new MemoryStore();
    const one = running({ name: "a", metadata: { x: 1 }, register: new OperationRegistry({ store }) });
    one.op.reportProgress({ current: 1 });
    const [spoilt] = store.list();
    Object.assign(spoilt?.metadata ?? {}, { x: 99 });
    Object.assign(spoilt?.progress as object, { current: 99 });
    one.op.reportProgress({ ...(one.op.context.progress as object), message: "on" });
    expect(store.list()).toMatchObject([{ metadata: { x: 1 }, progress: { current: 1, message: "on" } }]);
    await one.end();
  });

  everywhere(
    "watch() of the store gives every start and end and the newest progress, as a registry does",
    async () => {
      const store = new MemoryStore();
      const events = store.watch();
      for (const name of ["a", "b"]) {
        const register = new OperationRegistry({ store });
        await new Cancellable({ id: "same", name, register }).run((op) => {
          for (let current = 1; current <= 9; current++) op.reportProgress({ current });
        });
      }
      expect(await readUntil(events, "ended b 9")).toEqual(
        ["a", "b"].flatMap((name) => [
          `registered ${name}`,
          `started ${name}`,
          `progress ${name} 9`,
          `ended ${name} 9`,
        ]),
      );
    },
  );

  everywhere(
    "operations with the same id are known until the last one has ended, and are cancelled together",
    async () => {
      const store = new MemoryStore();
      const register = new OperationRegistry({ store });
      const all = ["first", "second", "third"].map((name) => running({ id: "same", name, register }));
      all[0]?.op.reportProgress("the newest of what the store was told");
      await all[0]?.end();
      expect(names(store.list())).toEqual(["second"]);
      expect(store.requestCancel("same", "shutdown")).toBe(true);
      expect(all.map(({ op }) => op.isCancelled)).toEqual([false, true, true]);
      await Promise.all(all.map(({ outcome }) => outcome));
      expect([store.list(), store.requestCancel("same")]).toEqual([[], false]);
    },
  );

  everywhere("the store is empty after ends of every kind", async () => {
    const store = new MemoryStore();
    const register = new OperationRegistry({ store });
    for (let i = 0; i < 300; i++) {
      const op = new Cancellable({ register });
      if (i % 3 === 1) op.cancel();
      await op.settle(() => {
        if (i % 3 === 2) throw new Error("broken");
      });
    }
    expect(store.list()).toEqual([]);
  });
});
