import { EventEmitter, once } from "node:events";
import { expect } from "vitest";
import {
  all,
  Cancellable,
  CancelScope,
  checkpoint,
  currentDeadline,
  currentOperation,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  waitFor,
  withTimeout,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("rule 13: a child of what is ambient when it starts", (everywhere) => {
  everywhere(
    "not of what is ambient when it is made; its timeout counts from the start (CONF-C06)",
    async (t) => {
      const made = Cancellable.withTimeout(20);
      const outer = new Cancellable();
      await outer.run(async () => {
        await sleep(15);
        const ended = made.settle(() => sleepForever());
        expect(made.parent).toBe(outer);
        expect(outer.children).toEqual([made]);
        await ended;
        t.expectElapsed(35);
      });
    },
  );

  everywhere("a parent given to the constructor holds from construction on (PAR-CAN-05)", async () => {
    const parent = new Cancellable();
    const child = new Cancellable({ parent });
    expect(child.context.parentId).toBe(parent.id);
    expect(parent.children).toEqual([child]);
    parent.cancel();
    expect(child.token.isCancelled).toBe(true);
  });

  everywhere("parent: null detaches", async () => {
    const outer = new Cancellable();
    await outer.settle(async () => {
      const free = new Cancellable({ parent: null });
      const ended = free.run(() => sleep(10).then(() => "done"));
      outer.cancel();
      expect(free.parent).toBeUndefined();
      await expect(ended).resolves.toBe("done");
    });
  });
});

describeEverywhere("rule 14: the effective deadline", (everywhere) => {
  everywhere("is the earliest up to the next shield (CONF-C14, CONF-C15)", async (t) => {
    const start = t.backend.now();
    expect(currentDeadline()).toBe(Number.POSITIVE_INFINITY);
    await moveOnAfter(1_000, async (outer) => {
      await moveOnAfter(5_000, async () => {
        expect(currentDeadline()).toBe(outer.deadline);
        await shield(() => expect(currentDeadline()).toBe(Number.POSITIVE_INFINITY));
        await shield((inner) => expect(currentDeadline()).toBe(inner.deadline), { timeout: 9_000 });
      });
      outer.cancel();
      expect(currentDeadline()).toBe(Number.NEGATIVE_INFINITY);
    });
    expect(t.backend.now() - start).toBeLessThan(1_000);
  });

  everywhere("changing a deadline re-arms: earlier, later, into the past (CONF-C10, CONF-C11)", async (t) => {
    await moveOnAfter(5_000, async (scope) => {
      scope.deadline = t.backend.now() + 10;
      await sleepForever();
    });
    t.expectElapsed(10);
    await moveOnAfter(10, async (scope) => {
      scope.deadline = t.backend.now() + 30;
      await sleep(20);
    });
    t.expectElapsed(30);
    const scope = new CancelScope({ timeout: 1_000 });
    await scope.run(async () => {
      scope.deadline = t.backend.now() - 1;
      await sleep(1);
    });
    expect(scope.cancelledCaught).toBe(true);
  });

  everywhere("what has expired stays expired (CONF-C12)", async (t) => {
    const scope = new CancelScope({ timeout: 5 });
    await scope.run(async () => {
      await sleepForever().catch(() => {});
      scope.deadline = t.backend.now() + 1_000;
      await sleep(1);
    });
    expect(scope.cancelledCaught).toBe(true);
  });

  everywhere("a moved deadline holds for what is below", async (t) => {
    await moveOnAfter(null, async (outer) => {
      await moveOnAfter(null, async () => {
        outer.deadline = t.backend.now() + 10;
        expect(currentDeadline()).toBe(outer.deadline);
        await sleepForever();
      });
    });
    t.expectElapsed(10);
  });
});

describeEverywhere("rule 15: the ambient operation", (everywhere) => {
  everywhere("follows await, timers, event emitters and callbacks created inside (CONF-T10)", async () => {
    const op = new Cancellable();
    const emitter = new EventEmitter();
    await op.run(async () => {
      expect(currentOperation()).toBe(op);
      await sleep(1);
      expect(currentOperation()).toBe(op);
      await new Promise<void>((resolve) =>
        setImmediate(() => {
          expect(currentOperation()).toBe(op);
          resolve();
        }),
      );
      await Promise.resolve().then(() => expect(currentOperation()).toBe(op));
      setImmediate(() => emitter.emit("done"));
      await once(emitter, "done");
      expect(currentOperation()).toBe(op);
    });
    expect(currentOperation()).toBeUndefined();
  });

  everywhere("two operations at once see each their own (PAR-CAN-49)", async () => {
    const ops = [new Cancellable(), new Cancellable()];
    await all(
      ops.map(
        (op) => () =>
          op.run(async () => {
            for (let i = 0; i < 3; i++) {
              await sleep(1);
              expect(currentOperation()).toBe(op);
            }
          }),
      ),
    );
  });

  everywhere(
    "code that outlives its scope belongs to the next one above; after a cancellation it keeps throwing",
    async () => {
      let late!: () => Promise<unknown>;
      const outer = new Cancellable();
      await outer.run(async () => {
        const inner = new Cancellable();
        const resume = await inner.run(async () => {
          const done = new Promise<unknown>((resolve) => {
            // Runs in the inner operation's context, after it has ended.
            setImmediate(() => resolve(currentOperation()));
          });
          return () => done;
        });
        expect(await resume()).toBe(outer);
        await moveOnAfter(1, async () => {
          late = await new Promise((resolve) => {
            setImmediate(() => resolve(() => sleep(1)));
          });
          await sleepForever();
        });
      });
      await late();
    },
  );
});

describeEverywhere("rule 15: outside any operation the free functions are the plain idioms", (everywhere) => {
  everywhere("sleep, waitFor, withTimeout, all, shield, checkpoint", async (t) => {
    await sleep(5);
    t.expectElapsed(5);
    expect(await waitFor(Promise.resolve(1))).toBe(1);
    expect(await withTimeout(1_000, async () => 2)).toBe(2);
    expect(await all([async () => 3, Promise.resolve(4)])).toEqual([3, 4]);
    expect(await shield(async () => 5)).toBe(5);
    await checkpoint();
    expect(await rejection(waitFor(() => Promise.reject(new Error("plain"))))).toMatchObject({
      message: "plain",
    });
  });
});

describeEverywhere("rule 16: the handle form", (everywhere) => {
  everywhere("gives no ambient operation, and ends when it is disposed of", async (t) => {
    const op = Cancellable.withTimeout(10).start();
    expect(currentOperation()).toBeUndefined();
    expect(op.isRunning).toBe(true);
    expect(await rejection(op.sleep(1_000))).toMatchObject({ reason: "timeout" });
    t.expectElapsed(10);
    await op[Symbol.asyncDispose]();
    expect(op.context.status).toBe("cancelled");
    await op[Symbol.asyncDispose]();
    expect(op.cancel()).toBe(false);
  });

  everywhere("without a cancellation it has completed", async () => {
    const op = new Cancellable().start();
    await op.sleep(1);
    await op[Symbol.asyncDispose]();
    expect(op.context.status).toBe("completed");
  });
});

describeEverywhere("a scope ends when nothing that was started in it still runs", (everywhere) => {
  everywhere("it waits for operations that the body left running", async () => {
    const order: string[] = [];
    await new Cancellable().run(async () => {
      void new Cancellable().run(async () => {
        await sleep(10);
        order.push("left");
      });
    });
    order.push("ended");
    expect(order).toEqual(["left", "ended"]);
  });

  everywhere("it cancels them when the body failed", async () => {
    const order: string[] = [];
    await rejection(
      new Cancellable().run(async () => {
        const left = new Cancellable().settle(() => sleepForever());
        void left.then((outcome) => order.push(outcome.status));
        await sleep(1);
        throw new Error("body");
      }),
    );
    order.push("ended");
    expect(order).toEqual(["cancelled", "ended"]);
  });

  everywhere("groups inside are waited for as well", async () => {
    const order: string[] = [];
    await moveOnAfter(1_000, () => {
      void taskGroup(async (group) => {
        group.startSoon(() => sleep(5).then(() => order.push("child")));
      });
    });
    order.push("ended");
    expect(order).toEqual(["child", "ended"]);
  });
});
