import { expect, test } from "vitest";
import {
  Cancellable,
  type OperationFilter,
  OperationRegistry,
  type OperationTree,
  shield,
} from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectThrows, wrong } from "../refusals.ts";
import { endAll, names, running } from "./running.ts";

test("a name that cannot be looked at is refused as a filter", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  expect(() => new OperationRegistry().list({ name: wrong(proxy) })).toThrow(
    expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" }),
  );
});

describeEverywhere("the live operations of a registry", (everywhere) => {
  everywhere(
    "an operation is listed from its start to its end, and then in the history (PAR-REG-02)",
    async () => {
      const register = new OperationRegistry();
      const op = new Cancellable({ id: "one", name: "first", register });
      expect([register.size, register.get("one")]).toEqual([0, undefined]);
      await op.run(() => {
        expect(Object.keys(register.get("one") ?? {})).toEqual(Object.keys(op.context.toJSON()));
        expect(register.get("one")).toMatchObject({ id: "one", name: "first", status: "running" });
        expect([register.size, register.history()]).toEqual([1, []]);
      });
      expect([register.size, register.get("one"), register.list()]).toEqual([0, undefined, []]);
      expect(register.history()).toEqual([op.context.toJSON()]);
    },
  );

  everywhere("the list is in the order of registration", async () => {
    const register = new OperationRegistry();
    const all = ["c", "a", "b"].map((name) => running({ name, register }));
    expect(names(register.list())).toEqual(["c", "a", "b"]);
    await all[0]?.end();
    expect(names(register.list({}))).toEqual(["a", "b"]);
    await endAll(all);
  });

  everywhere("filters by status, parent, name and metadata can be combined (PAR-REG-03)", async () => {
    const register = new OperationRegistry();
    const user = { name: "ada" };
    const parent = new Cancellable({ id: "top", name: "Import", metadata: { user, tries: 0 }, register });
    await parent.run(async () => {
      const children = [
        running({ name: "import rows", metadata: { user, tries: Number.NaN }, register }),
        running({ name: "Export.csv", metadata: { user: { name: "ada" } }, register }),
        running({ register }),
      ];
      children[1]?.op.cancel();
      await parent.shield(async (shielded) => {
        register.register(shielded);
        const found = (filter: OperationFilter): unknown[] => names(register.list(filter));
        expect(found({ status: "running" })).toEqual(["Import", "import rows", "Export.csv", undefined]);
        expect(found({ status: "shielded" })).toEqual(["Import"]);
        expect(found({ status: ["shielded", "completed"] })).toEqual(["Import"]);
        expect(found({ status: "completed" })).toEqual([]);
        expect(found({ status: [] })).toEqual([]);
        expect(found({ parent: "top" })).toEqual(["import rows", "Export.csv", undefined, "Import"]);
        expect(found({ parent: "nobody" })).toEqual([]);
        expect(found({ name: "IMPORT" })).toEqual(["Import", "import rows", "Import"]);
        expect(found({ name: /^import/ })).toEqual(["import rows"]);
        expect(found({ name: /^import/i })).toEqual(["Import", "import rows", "Import"]);
        expect(found({ name: "" })).toEqual(["Import", "import rows", "Export.csv", "Import"]);
        expect(found({ metadata: { user } })).toEqual(["Import", "import rows"]);
        expect(found({ metadata: { user, tries: Number.NaN } })).toEqual(["import rows"]);
        expect(found({ metadata: { tries: -0 } })).toEqual([]);
        expect(found({ metadata: {} })).toHaveLength(5);
        const all: OperationFilter = {
          status: "running",
          parent: "top",
          name: "rows",
          metadata: { user },
        };
        expect(found(all)).toEqual(["import rows"]);
        for (const other of [{ status: "failed" }, { parent: "x" }, { name: "x" }, { metadata: { x: 1 } }])
          expect(found({ ...all, ...(other as OperationFilter) })).toEqual([]);
        register.unregister(shielded.id);
      });
      await endAll(children);
    });
  });

  everywhere("a regular expression with the flag g finds the same at each use", async () => {
    const register = new OperationRegistry();
    const all = ["aa", "ab"].map((name) => running({ name, register }));
    const sticky = /a/gy;
    sticky.lastIndex = 7;
    for (let i = 0; i < 3; i++) expect(register.list({ name: sticky })).toHaveLength(2);
    expect(sticky.lastIndex).toBe(7);
    await endAll(all);
  });

  everywhere("inherited properties are no metadata", async () => {
    const register = new OperationRegistry();
    const one = running({ register });
    expect(register.list({ metadata: { constructor: Object } })).toEqual([]);
    expect(register.list({ metadata: { absent: undefined } })).toEqual([]);
    await one.end();
  });

  everywhere("tree() puts each operation below its nearest known ancestor", async () => {
    const register = new OperationRegistry();
    const shape = (trees: readonly OperationTree[]): unknown[] =>
      trees.map(({ name, children }) => (children.length === 0 ? name : [name, ...shape(children)]));
    const other = running({ name: "other", register });
    await new Cancellable({ name: "a", register }).run(async () => {
      const b = running({ name: "b", register });
      await new Cancellable({ name: "unknown" }).run(() =>
        shield(async () => {
          const c = running({ name: "c", register });
          const d = running({ name: "d", register, parent: b.op });
          expect(shape(register.tree())).toEqual(["other", ["a", ["b", "d"], "c"]]);
          expect(register.tree()[1]).toMatchObject({ name: "a", status: "running", parentId: undefined });
          await endAll([c, d]);
        }),
      );
      await b.end();
      expect(shape(register.tree())).toEqual(["other", "a"]);
    });
    await other.end();
    expect(register.tree()).toEqual([]);
  });

  everywhere("100,000 live operations can be listed with a filter", async () => {
    const register = new OperationRegistry({ history: 0 });
    const all = Array.from({ length: 100_000 }, (_, i) =>
      new Cancellable({ id: `${i}`, name: i % 1_000 === 7 ? "rare" : "common", register }).start(),
    );
    expect(register.size).toBe(100_000);
    expect(register.list({ name: "rare", status: "running" })).toHaveLength(100);
    expect(register.list({ metadata: { x: 1 } })).toEqual([]);
    for (const op of all) await op[Symbol.asyncDispose]();
    expect([register.size, register.history()]).toEqual([0, []]);
  });
});

describeEverywhere("the snapshots of a registry", (everywhere) => {
  everywhere("a snapshot is a copy: changing it changes nothing", async () => {
    const register = new OperationRegistry();
    const one = running({ id: "one", name: "original", metadata: { tries: 1 }, register });
    one.op.reportProgress({ current: 1, total: 4 });
    const handed = (): unknown[] => [
      register.get("one"),
      register.list()[0],
      register.tree()[0],
      register.history()[0],
      register.history({ limit: 1, status: "completed" })[0],
    ];
    const spoil = (value: unknown): void => {
      if (value === undefined) return;
      const snapshot = value as Record<string, Record<string, unknown>>;
      Object.assign(snapshot.metadata as object, { tries: 99, more: true });
      Object.assign(snapshot.progress as object, { current: 99 });
      Object.assign(snapshot.estimate as object, { fraction: 99 });
      Object.assign(snapshot, { name: "spoilt", status: "failed" });
    };
    const right = {
      name: "original",
      metadata: { tries: 1 },
      progress: { current: 1, total: 4 },
      estimate: { fraction: 0.25 },
    };
    handed().forEach(spoil);
    expect(register.get("one")).toMatchObject({ ...right, status: "running" });
    expect(one.op.context.toJSON()).toMatchObject({ ...right, metadata: { tries: 1 } });
    expect(register.list({ name: "original", metadata: { tries: 1 } })).toHaveLength(1);
    await one.end();
    handed().forEach(spoil);
    expect(register.history()[0]).toMatchObject({ ...right, status: "completed" });
    expect(register.history()[0]?.metadata).toEqual({ tries: 1 });
  });

  everywhere("a snapshot does not change while the operation goes on", async () => {
    const register = new OperationRegistry();
    const report = { current: 1, total: 4 };
    const one = running({ metadata: { step: 1 }, register });
    one.op.reportProgress(report);
    const [snapshot] = register.list();
    one.op.context.metadata.step = 2;
    report.current = 3;
    one.op.cancel();
    await one.outcome;
    expect(snapshot).toMatchObject({
      status: "running",
      metadata: { step: 1 },
      progress: { current: 1 },
      cancelRequested: false,
    });
  });

  everywhere("metadata that cannot be copied is kept as it is and causes no error", async () => {
    const register = new OperationRegistry();
    const metadata = { lock: new WeakMap(), call: () => 1, proxy: Proxy.revocable({}, {}) };
    metadata.proxy.revoke();
    const op = new Cancellable({ metadata, register });
    const failure = new Error("the user's");
    await expect(op.run(() => Promise.reject(failure))).rejects.toBe(failure);
    const kept = register.history()[0]?.metadata;
    expect(kept?.lock === metadata.lock && kept.call === metadata.call).toBe(true);
    register.clear();
  });
});

describeEverywhere("an invalid filter", (everywhere) => {
  everywhere("list and cancelAll refuse it, also without live operations", () => {
    const register = new OperationRegistry();
    for (const use of [
      (filter: unknown) => register.list(wrong(filter)),
      (filter: unknown) => register.cancelAll(wrong(filter)),
    ]) {
      expectThrows("TypeError", [
        [() => use(null), "filter", "an object", "null"],
        [() => use("running"), "filter", "an object", '"running"'],
        [() => use([]), "filter", "an object", "[]"],
        [() => use({ parent: 7 }), "filter.parent", "a string", "7"],
        [() => use({ name: 7 }), "filter.name", "a string or a RegExp", "7"],
        [() => use({ name: null }), "filter.name", "a string or a RegExp", "null"],
        [() => use({ metadata: "x" }), "filter.metadata", "an object", '"x"'],
        [() => use({ status: 7 }), "filter.status", "a status or an array of statuses", "7"],
        [() => use({ status: null }), "filter.status", "a status or an array of statuses", "null"],
      ]);
      const statuses = "one of pending, running, shielded, completed, cancelled, failed";
      expectThrows("RangeError", [
        [() => use({ status: "done" }), "filter.status", statuses, '"done"'],
        [() => use({ status: ["running", "done"] }), "filter.status", statuses, '"done"'],
        [() => use({ status: [undefined] }), "filter.status", statuses, "undefined"],
      ]);
    }
  });
});
