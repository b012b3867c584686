import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import {
  Cancellable,
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
import { describeEverywhere } from "../backends.ts";

describeEverywhere("async contexts", (everywhere) => {
  everywhere(
    "a child starts in the context of its start and keeps its own changes to itself (CONF-S01)",
    async () => {
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
    },
  );

  everywhere("a child may run in a context of its own and stays in its group (CONF-S02)", async () => {
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
    "a generator that holds a handle across a yield does not change its reader's context (CONF-S06)",
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
      // At each next() the generator runs in the reader's ambient operation.
      expect(inside).toEqual(["outer", "outer"]);
      expect(outer.children).toEqual([]);
    },
  );
});

test("timers that serve many callers are set outside every context (CONF-S03)", async () => {
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
