import { describe, expect } from "vitest";
import {
  type AsyncBackend,
  Cancellable,
  CancelScope,
  currentDeadline,
  currentOperation,
  detectBackend,
  getBackend,
  moveOnAfter,
  run,
  shield,
  sleep,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("a shield of an operation is a part of it", (everywhere) => {
  everywhere("it may be entered below another scope of the same operation", async () => {
    expect(await new Cancellable().run((op) => moveOnAfter(500, () => op.shield(async () => 1)))).toBe(1);
    const values: number[] = [];
    await new Cancellable().run((op) =>
      taskGroup((group) => {
        for (const n of [1, 2])
          group.startSoon(() => op.shield(() => sleep(n).then(() => void values.push(n))));
      }),
    );
    expect(values).toEqual([1, 2]);
  });

  everywhere("a handle that is disposed of waits for it, and for what is started afterwards", async (t) => {
    const ended: string[] = [];
    const handle = new Cancellable().start();
    await handle.shield(() => 1);
    void handle.shield(() => sleep(30).then(() => void ended.push("shield")));
    void new Cancellable({ parent: handle }).run(() => sleep(20).then(() => void ended.push("child")));
    await handle[Symbol.asyncDispose]();
    expect(ended).toEqual(["child", "shield"]);
    t.expectElapsed(30);
    expect(handle.status).toBe("completed");
  });
});

/** Ways to run a body in something that waits for what the body has started. */
const regions: Readonly<Record<string, (body: () => Promise<void>) => Promise<unknown>>> = {
  "a scope": (body) => new CancelScope().run(body),
  "an operation": (body) => new Cancellable().run(body),
  "an operation with a grace": (body) => new Cancellable({ grace: 10_000 }).run(body),
  "a shield": (body) => shield(body),
  "a task": (body) => taskGroup((group) => void group.startSoon(body)),
  "a group": (body) => taskGroup(body),
  run: (body) => run(body),
  "a scope that fails": (body) => rejection(new CancelScope().run(() => body().then(fail))),
  "an operation that fails": (body) => rejection(new Cancellable().run(() => body().then(fail))),
  "a task that fails": (body) =>
    rejection(taskGroup((group) => void group.startSoon(() => body().then(fail)))),
};

function fail(): never {
  throw new Error("the body fails");
}

describeEverywhere("a child that is started while its scope is ending is never lost", (everywhere) => {
  for (const [name, region] of Object.entries(regions)) {
    everywhere(`${name} waits for a child that starts while it waits for another one`, async () => {
      const gate = deferred();
      void sleep(5).then(gate.resolve);
      let child = "not started";
      await region(async () => {
        void new CancelScope().run(() => gate.promise);
        const next = async (): Promise<void> => {
          await gate.promise;
          await new CancelScope().run(async () => {
            child = "running";
            try {
              await sleep(10);
            } finally {
              child = "ended";
            }
          });
        };
        // Cancelled where the body fails.
        next().catch(() => {});
      });
      expect(child).toBe("ended");
    });

    // Nothing from outside reaches into a shield.
    if (name === "a shield") continue;
    everywhere(
      `a child left by ${name}, however late it starts, is waited for and cancelled by what is above`,
      async () => {
        for (let ticks = 0; ticks < 14; ticks++) {
          const gate = deferred();
          const outer = new CancelScope();
          let child = "not started";
          await outer.run(async () => {
            void sleep(2).then(gate.resolve);
            void sleep(4).then(() => outer.cancel());
            await region(async () => {
              void new CancelScope().run(() => gate.promise);
              const late = async (): Promise<void> => {
                await gate.promise;
                for (let i = 0; i < ticks; i++) await null;
                await new CancelScope().run(async () => {
                  child = "running";
                  try {
                    await sleepForever();
                  } finally {
                    child = "ended";
                  }
                });
              };
              // Started below the region, and cancelled with whatever it finds itself in.
              late().catch(() => {});
            });
            await rejection(sleepForever());
          });
          expect([ticks, child]).toEqual([ticks, "ended"]);
        }
      },
    );
  }
});

describeEverywhere("grace bounds the wait for children as well", (everywhere) => {
  const cancelledAfter5 = async (child: () => Promise<void>): Promise<unknown> => {
    const op = new Cancellable({ grace: 20 });
    const outcome = op.settle(async () => {
      void new Cancellable().settle(child);
      await op.sleep(60_000);
    });
    await sleep(5);
    op.cancel();
    return outcome;
  };

  everywhere("a child that does not end is abandoned with the body", async (t) => {
    const foreign = deferred();
    expect(await cancelledAfter5(() => foreign.promise)).toMatchObject({
      status: "cancelled",
      abandoned: true,
    });
    t.expectElapsed(25);
    foreign.resolve();
  });

  everywhere("one that ends in time is waited for, and nothing was abandoned", async (t) => {
    let ended = false;
    const outcome = await cancelledAfter5(() => shield(() => sleep(15).then(() => void (ended = true))));
    expect(ended).toBe(true);
    t.expectElapsed(15);
    expect(outcome).toMatchObject({ status: "cancelled" });
    expect(outcome).not.toHaveProperty("abandoned");
  });
});

describeEverywhere("disposing of an operation", (everywhere) => {
  everywhere("twice at the same time: both wait for its children", async (t) => {
    const op = new Cancellable().start();
    void new Cancellable({ parent: op }).run(() => sleep(20));
    const ended: string[] = [];
    await Promise.all([
      op[Symbol.asyncDispose]().then(() => ended.push(op.status)),
      op[Symbol.asyncDispose]().then(() => ended.push(op.status)),
    ]);
    t.expectElapsed(20);
    expect(ended).toEqual(["completed", "completed"]);
  });

  everywhere("while run() has it is refused, and run() ends it in its own time (CONF-B19)", async () => {
    await new Cancellable().run(async (outer) => {
      const inner = new Cancellable();
      const running = inner.run(() => sleep(10).then(() => "value"));
      await expect(inner[Symbol.asyncDispose]()).rejects.toMatchObject({ code: "ERR_NOT_STARTED" });
      expect(inner.status).toBe("running");
      expect(outer.children).toEqual([inner]);
      expect(await running).toBe("value");
      expect(outer.children).toEqual([]);
    });
  });
});

describeEverywhere("run() inside of something", (everywhere) => {
  const others: Readonly<Record<string, () => AsyncBackend>> = {
    "the same backend": () => detectBackend(),
    "the native backend": () => getBackend("native"),
    "a virtual backend": () => new VirtualBackend(),
  };
  for (const [name, other] of Object.entries(others)) {
    everywhere(`is ended by what is around it, on ${name}`, async (t) => {
      let left = false;
      const result = await moveOnAfter(20, () =>
        run(
          async () => {
            try {
              await sleepForever();
            } finally {
              left = true;
            }
          },
          { backend: other() },
        ),
      );
      expect([result, left]).toEqual([undefined, true]);
      t.expectElapsed(20);
    });

    everywhere(`has the operation that it is in, on ${name}`, async () => {
      await new Cancellable({ name: "outer" }).run((outer) =>
        run(
          async () => {
            expect(currentOperation()).toBe(outer);
            await new Cancellable().run(async (child) => {
              await sleep(1);
              expect(child.parent).toBe(outer);
              expect(outer.children).toEqual([child]);
            });
            outer.cancel("shutdown");
            await expect(sleep(1)).rejects.toMatchObject({ reason: "shutdown" });
          },
          { backend: other() },
        ),
      );
    });
  }

  everywhere("without a backend it inherits the deadline; on another clock that is no number", async () => {
    await moveOnAfter(1_000, async () => {
      const outside = currentDeadline();
      expect(await run(() => currentDeadline())).toBe(outside);
      expect(await run(() => currentDeadline(), { backend: new VirtualBackend() })).toBe(
        Number.POSITIVE_INFINITY,
      );
    });
  });

  everywhere("an operation with an explicit parent runs on the clock of that one", async (t) => {
    const other = new VirtualBackend();
    const op = new Cancellable();
    await op.run(() => run(() => new Cancellable({ parent: op }).run(() => sleep(20)), { backend: other }));
    t.expectElapsed(20);
    expect(other.now()).toBe(0);
  });
});

describe("a child that has said that it started", () => {
  describeEverywhere("is in the operation of its group", (everywhere) => {
    everywhere("and sees that one cancelled, not the one that it was started in", async () => {
      const main = new Cancellable({ name: "main" });
      const request = new Cancellable({ name: "request" });
      const seen: unknown[] = [];
      const outcome = await main.settle(() =>
        taskGroup(async (group) => {
          await request.run(() =>
            group.start(async (started: (value: void) => void) => {
              seen.push(currentOperation()?.name);
              started();
              await sleep(10);
              seen.push(currentOperation()?.name, request.status);
              const child = new Cancellable();
              await child.run(() => seen.push(child.parent?.name));
              main.cancel("shutdown");
              seen.push(currentOperation()?.isCancelled);
              await currentOperation()?.sleep(30);
              seen.push("not reached");
            }),
          );
        }),
      );
      expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
      expect(seen).toEqual(["request", "main", "completed", "main", true]);
    });
  });
});
