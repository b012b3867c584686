import { expect, test } from "vitest";
import {
  Cancellable,
  CancelScope,
  detectBackend,
  getBackend,
  shield,
  sleep,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { liveScopes } from "../../src/inspect/index.ts";
import { expectNoLeaks } from "../../src/testing/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";
import { expectThrows, wrong } from "../refusals.ts";

describeEverywhere("liveScopes", (everywhere) => {
  everywhere("lists a scope and the scopes below it, each after its parent, with kind and name", async () => {
    const op = new Cancellable({ id: "7", name: "import" });
    await op.settle(() =>
      taskGroup(async (group) => {
        group.startSoon(async function reader() {
          await sleepForever();
        });
        await sleep(1);
        const scopes = liveScopes(op);
        const operation = { id: "7", name: "import", status: "running" };
        expect(scopes).toMatchObject([
          { kind: "operation", name: "import", operation, isCancelled: false, waits: 0 },
          { kind: "scope", name: undefined, operation, parentId: scopes[0]?.id },
          { kind: "task", name: "reader", operation, waits: 1, parentId: scopes[1]?.id },
        ]);
        group.cancel();
      }),
    );
    expect(liveScopes(op)).toEqual([]);
  });

  everywhere(
    "lists the tree of the ambient backend by default, or of the given one, from its root",
    async () => {
      const backend = detectBackend();
      const inAmbient = liveScopes();
      expect(inAmbient[0]).toMatchObject({ kind: "root", name: backend.name, parentId: undefined });
      expect(liveScopes(backend)).toEqual(inAmbient);
      expect(liveScopes(getBackend("native"))[0]).toMatchObject({ kind: "root", name: "native" });
    },
  );

  everywhere("gives a scope the same id in every snapshot, and every scope its own", async () => {
    await new CancelScope().run(async (scope) => {
      const [first] = liveScopes(scope);
      const [again] = liveScopes(scope);
      expect(again?.id).toBe(first?.id);
      await new CancelScope().run((inner) => expect(liveScopes(inner)[0]?.id).not.toBe(first?.id));
    });
  });

  everywhere("shows a cancellation in every scope that it has reached", async () => {
    const ended = deferred();
    await new Cancellable().settle(async (op) => {
      const kept = shield(() => ended.promise);
      op.cancel();
      expect(liveScopes(op).map(({ isCancelled }) => isCancelled)).toEqual([true, false]);
      ended.resolve();
      await kept;
    });
  });

  everywhere("lists an operation that has not started, without changing it", () => {
    const parent = new Cancellable();
    return parent.run(async () => {
      const pending = new Cancellable({ name: "next", parent });
      expect(liveScopes(parent)[1]).toMatchObject({ kind: "operation", operation: { status: "pending" } });
      await pending.run(() => expect(liveScopes(pending)[0]?.operation?.status).toBe("running"));
    });
  });

  everywhere("lists a scope that does not run yet, which has no parent", () => {
    expect(liveScopes(new CancelScope())).toMatchObject([
      { kind: "scope", name: undefined, parentId: undefined },
    ]);
  });

  everywhere("refuses other arguments", () => {
    const expected = "an AsyncBackend, a Cancellable or a CancelScope";
    expectThrows("TypeError", [
      [() => liveScopes(wrong(null)), "from", expected, "null"],
      [() => liveScopes(wrong({})), "from", expected, "{}"],
      [() => liveScopes(wrong("native")), "from", expected, '"native"'],
    ]);
  });
});

test("a tree with 130,000 scopes on one level is listed, and a leak check counts it", {
  timeout: 60_000,
}, async () => {
  const parent = new Cancellable();
  const count = 130_000;
  await parent.run(async () => {
    const error = await rejection(
      expectNoLeaks(() => {
        for (let i = 0; i < count; i++) new Cancellable({ name: "a", parent });
      }),
    );
    expect((error as Error).message.slice(0, 90)).toContain(`operations: ${count}, operation "a" (pending)`);
    expect(liveScopes(parent)).toHaveLength(count + 1);
  });
});
