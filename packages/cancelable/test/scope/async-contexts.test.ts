import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import {
  Cancellable,
  CancelScope,
  checkpoint,
  currentDeadline,
  currentOperation,
  currentSignal,
  moveOnAfter,
  run,
  sleep,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("async contexts", (everywhere) => {
  everywhere("a child has its parent's as it was; what it enters stays with it (CONF-S01)", async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: string[] = [];
    const look = (who: string): void => void seen.push(`${who} ${storage.getStore()}`);
    await storage.run("parent", () =>
      taskGroup(async (group) => {
        const first = group.startSoon(async () => {
          look("first");
          storage.enterWith("changed");
          await sleep(1);
          look("first");
        });
        storage.run("between", () => {
          group.startSoon(async () => {
            look("second");
            await first.wait();
            look("second");
          });
        });
        await first;
        look("parent");
      }),
    );
    expect(seen.sort()).toEqual([
      "first changed",
      "first parent",
      "parent parent",
      "second between",
      "second between",
    ]);
  });

  everywhere("a child may be given one of its own, and stays in its group (CONF-S02)", async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: Array<string | undefined> = [];
    await storage.run("parent", () =>
      taskGroup(async (group) => {
        const child = async (): Promise<void> => {
          seen.push(storage.getStore());
          await sleep(1);
          seen.push(storage.getStore());
          await sleepForever().finally(() => seen.push(storage.getStore()));
        };
        const task = group.startSoon(() => storage.run("given", child));
        while (seen.length < 2) await sleep(1);
        expect(storage.getStore()).toBe("parent");
        group.cancel();
        await task.wait().catch(() => {});
      }),
    );
    expect(seen).toEqual(["given", "given", "given"]);
  });

  everywhere(
    "a generator that holds a handle over a yield leaves its reader's alone (CONF-S06)",
    async () => {
      const outer = new Cancellable({ name: "outer" });
      const inside: unknown[] = [];
      const source = async function* (): AsyncGenerator<number> {
        await using handle = Cancellable.withTimeout(60_000).start();
        for (let n = 0; n < 2; n++) {
          inside.push(currentOperation()?.name);
          await handle.sleep(1);
          yield n;
        }
        handle.cancel();
        yield 2;
      };
      await outer.run(async () => {
        const items: number[] = [];
        for await (const n of source()) {
          items.push(n);
          expect(currentOperation()).toBe(outer);
          expect([currentDeadline(), currentSignal().aborted]).toEqual([Number.POSITIVE_INFINITY, false]);
          await checkpoint();
        }
        expect(items).toEqual([0, 1, 2]);
      });
      // At each next() it runs in what is ambient for its reader then.
      expect(inside).toEqual(["outer", "outer"]);
      expect(outer.children).toEqual([]);
    },
  );
});

test("what the library keeps for many is set in nobody's context (CONF-S03)", async () => {
  const storage = new AsyncLocalStorage<string>();
  const contexts: unknown[] = [];
  class Watching extends VirtualBackend {
    override setTimer(at: number, fire: () => void): Disposable {
      contexts.push(storage.getStore());
      return super.setTimer(at, fire);
    }
  }
  const woken: unknown[] = [];
  await run(
    () =>
      taskGroup((group) => {
        for (const name of ["a", "b"]) {
          group.startSoon(() =>
            storage.run(name, async () => {
              await moveOnAfter(10, () => sleepForever());
              woken.push(storage.getStore());
            }),
          );
        }
      }),
    { backend: new Watching() },
  );
  expect(contexts.length).toBeGreaterThan(0);
  expect(new Set(contexts)).toEqual(new Set([undefined]));
  expect(woken).toEqual(["a", "b"]);
});

test("outside of everything there is a root that is never cancelled, and runs nest (CONF-S08)", async () => {
  expect(currentOperation()).toBeUndefined();
  expect([currentDeadline(), currentSignal().aborted]).toEqual([Number.POSITIVE_INFINITY, false]);
  await checkpoint();
  await sleep(1);
  expect(await moveOnAfter(1, () => sleepForever())).toBeUndefined();
  const op = new Cancellable();
  op.cancel();
  expect((await op.settle(() => {})).status).toBe("cancelled");
  await sleep(0);
  expect(await run(() => run(() => run(() => sleep(0).then(() => "nested"))))).toBe("nested");
  expect(currentSignal().aborted).toBe(false);
});

describeEverywhere("what cancellation cannot interrupt", (everywhere) => {
  everywhere("sleeps on until it is woken, and the next checkpoint throws (CONF-S09)", async () => {
    const foreign = deferred<string>();
    const seen: unknown[] = [];
    const scope = new CancelScope();
    const running = scope.run(async () => {
      seen.push(await foreign.promise);
      seen.push(await rejection(checkpoint()));
      await sleep(1);
      seen.push("not reached");
    });
    scope.cancel();
    await sleep(5);
    expect(seen).toEqual([]);
    foreign.resolve("woken");
    await running;
    expect(seen).toEqual(["woken", scope.error]);
    expect(scope.cancelledCaught).toBe(true);
  });

  everywhere("what a run leaves behind when it fails is cancelled, and has ended (CONF-S10)", async (t) => {
    const failure = new Error("main");
    const ended: string[] = [];
    let left: Cancellable | undefined;
    const error = await rejection(
      run(
        async () => {
          left = new Cancellable();
          void left.settle(() => sleepForever().finally(() => ended.push("operation")));
          taskGroup((group) => void group.startSoon(() => sleepForever())).catch(() => ended.push("group"));
          await sleep(1);
          throw failure;
        },
        { backend: t.backend },
      ),
    );
    expect(error).toBe(failure);
    expect(left?.context.status).toBe("cancelled");
    expect(ended).toContain("operation");
    // One that does not fail waits for what it has left.
    await run(
      () => {
        void new Cancellable().run(() => sleep(5).then(() => ended.push("in its own time")));
      },
      { backend: t.backend },
    );
    expect(ended).toContain("in its own time");
  });
});
