import { expect, vi } from "vitest";
import {
  Cancellable,
  CancellationSource,
  CancelScope,
  currentOperation,
  isCancellation,
  Lock,
  moveOnAfter,
  Queue,
  run,
  shield,
  sleep,
  sleepForever,
  withTimeout,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

class Watched extends CancellationSource {
  stopped = false;
  override start(): Disposable {
    return {
      [Symbol.dispose]: () => {
        this.stopped = true;
      },
    };
  }
}

describeEverywhere("the handle form", (everywhere) => {
  everywhere("start() returns the running operation, and the operation is not ambient", async () => {
    const op = new Cancellable();
    {
      await using handle = op.start();
      expect(handle).toBe(op);
      expect([op.context.status, op.isRunning]).toEqual(["running", true]);
      expect(currentOperation()).toBeUndefined();
      await handle.sleep(1);
    }
    expect(op.context.status).toBe("completed");
  });

  everywhere(
    "the handle's methods notice the cancellation, and disposal ends the operation as cancelled",
    async (t) => {
      const op = Cancellable.withTimeout(10).start();
      expect(await rejection(op.sleep(60_000))).toBe(op.token.error);
      expect(await rejection(op.waitFor(new Promise(() => {})))).toBe(op.token.error);
      expect(op.signal.aborted).toBe(true);
      expect(() => op.check()).toThrow(op.token.error);
      await op[Symbol.asyncDispose]();
      expect(op.context).toMatchObject({ status: "cancelled", cancelReason: "timeout" });
      t.expectElapsed(10);
    },
  );

  everywhere("disposal waits for the operations below", async () => {
    const order: string[] = [];
    const op = new Cancellable().start();
    const inner = new Cancellable({ parent: op }).run(async () => {
      await sleep(10);
      order.push("inner ended");
    });
    await op[Symbol.asyncDispose]();
    order.push("disposed");
    await inner;
    expect(order).toEqual(["inner ended", "disposed"]);
  });

  everywhere("disposal calls the callbacks of the end and waits for them", async () => {
    const order: string[] = [];
    const op = new Cancellable()
      .onStart((context) => void order.push(`start ${context.status}`))
      .onComplete(async (context) => {
        await sleep(5);
        order.push(`complete ${context.status}`);
      })
      .start();
    expect(order).toEqual(["start running"]);
    await op[Symbol.asyncDispose]();
    expect(order).toEqual(["start running", "complete completed"]);
    const cancel = vi.fn();
    const other = new Cancellable().onCancel(cancel).start();
    other.cancel();
    await other[Symbol.asyncDispose]();
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  everywhere("the grace counts from the cancellation, so a late disposal does not wait", async (t) => {
    const op = new Cancellable({ grace: 10 }).start();
    let ended = false;
    const end = deferred();
    const left = new Cancellable({ parent: op }).settle(async () => {
      await shield(() => end.promise);
      ended = true;
    });
    op.cancel();
    await sleep(20);
    await op[Symbol.asyncDispose]();
    expect(ended).toBe(false);
    expect(op.context.status).toBe("cancelled");
    if (t.backend.name === "virtual") t.expectElapsed(20);
    end.resolve();
    await left;
  });

  everywhere(
    "a second disposal does nothing, and a disposal before the start is misuse (CONF-B17, PAR-CAN-30)",
    async () => {
      const complete = vi.fn();
      const op = new Cancellable().onComplete(complete).start();
      await op[Symbol.asyncDispose]();
      await op[Symbol.asyncDispose]();
      expect(complete).toHaveBeenCalledTimes(1);
      const pending = new Cancellable();
      expect(await rejection(pending[Symbol.asyncDispose]())).toMatchObject({ code: "ERR_NOT_STARTED" });
    },
  );

  everywhere("an operation runs once, in either form", async () => {
    const op = new Cancellable().start();
    expect(() => op.start()).toThrow(expect.objectContaining({ code: "ERR_ALREADY_STARTED" }));
    expect(await rejection(op.run(() => {}))).toMatchObject({ code: "ERR_ALREADY_STARTED" });
    await op[Symbol.asyncDispose]();
    expect(() => op.start()).toThrow(expect.objectContaining({ code: "ERR_ALREADY_STARTED" }));
  });

  everywhere("an error in the block passes through, and the operation has ended", async () => {
    const failure = new Error("block");
    const op = new Cancellable();
    const error = await rejection(
      (async () => {
        await using _handle = op.start();
        throw failure;
      })(),
    );
    expect(error).toBe(failure);
    expect(op.hasEnded).toBe(true);
  });

  everywhere("disposal leaves no timer and no entry in the parent", async () => {
    const parent = new Cancellable().start();
    {
      await using handle = Cancellable.withTimeout(60_000, { parent }).start();
      expect(parent.children).toEqual([handle]);
    }
    expect(parent.children).toEqual([]);
    await parent[Symbol.asyncDispose]();
  });
});

describeEverywhere("deep trees", (everywhere) => {
  everywhere(
    "cancelling 20,000 nested operations, pending or running, does not overflow the stack",
    async () => {
      for (const started of [false, true]) {
        const root = new Cancellable().start();
        const chain: Cancellable[] = [root];
        for (let i = 0; i < 20_000; i++) {
          const op = new Cancellable({ parent: chain[i] as Cancellable });
          chain.push(started ? op.start() : op);
        }
        const deepest = chain[20_000] as Cancellable;
        const sleeping = started ? rejection(deepest.sleep(null)) : undefined;
        expect(root.cancel("shutdown", "all of it")).toBe(true);
        expect(chain.every((op) => op.isCancelled)).toBe(true);
        expect(deepest.context.cancelReason).toBe("parent");
        expect(isCancellation(await sleeping, deepest)).toBe(started);
        if (started) for (const op of chain.reverse()) await op[Symbol.asyncDispose]();
        else await root[Symbol.asyncDispose]();
      }
    },
  );

  everywhere("cancelling thousands of nested scopes does not overflow the stack (CONF-B25)", async () => {
    const depth = 5_000;
    const bottom = deferred();
    const root = new CancelScope();
    let ended = 0;
    const nest = async (level: number): Promise<void> => {
      try {
        if (level === depth) {
          bottom.resolve();
          await sleepForever();
        }
        // Each level starts in a turn of its own, so that only the tree is deep, not the stack of this test.
        await Promise.resolve();
        await new CancelScope().run(() => nest(level + 1));
      } finally {
        ended++;
      }
    };
    await root.run(async () => {
      const nested = nest(0);
      await bottom.promise;
      root.cancel();
      await nested;
    });
    expect(ended).toBe(depth + 1);
    expect(root.cancelledCaught).toBe(true);
  });
});

describeEverywhere("the handle form (rule 16)", (everywhere) => {
  everywhere("the handle is not ambient, and ends when it is disposed of", async (t) => {
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

  everywhere("a handle that was not cancelled has completed", async () => {
    const op = new Cancellable().start();
    await op.sleep(1);
    await op[Symbol.asyncDispose]();
    expect(op.context.status).toBe("completed");
  });
});

describeEverywhere("the disposal of a handle", (everywhere) => {
  everywhere("disposal releases synchronously what it can, also when cancelled (CONF-A09)", async () => {
    const outer = new Cancellable();
    await outer.settle(async () => {
      const source = new Watched("watched");
      const handle = Cancellable.withTimeout(60_000).addSource(source).start();
      const lock = new Lock();
      const lease = await lock.acquire();
      const queue = new Queue<number>(0);
      const getting = queue.get().catch((error: Error) => error.name);
      outer.cancel();
      const disposing = handle[Symbol.asyncDispose]();
      lease[Symbol.dispose]();
      queue.close();
      expect([source.stopped, handle.hasEnded, lock.isLocked, queue.isClosed]).toEqual([
        true,
        true,
        false,
        true,
      ]);
      await disposing;
      expect(await getting).toBe("AbortError");
      expect(outer.children).toEqual([]);
      await sleepForever();
    });
    expect(outer.context.status).toBe("cancelled");
  });
});

describeEverywhere("nested handles", (everywhere) => {
  everywhere("an outer handle that is disposed of first waits for the inner handle (CONF-B18)", async () => {
    const outer = new Cancellable().start();
    const inner = new Cancellable({ parent: outer }).start();
    const ended: string[] = [];
    const closing = outer[Symbol.asyncDispose]().then(() => ended.push("outer"));
    await sleep(1);
    expect([ended, outer.children]).toEqual([[], [inner]]);
    // The inner handle is still reached by a cancellation.
    expect(outer.cancel()).toBe(true);
    expect(inner.isCancelled).toBe(true);
    expect(await rejection(inner.sleep(1))).toMatchObject({ reason: "parent" });
    await inner[Symbol.asyncDispose]();
    ended.push("inner");
    await closing;
    expect(ended).toEqual(["inner", "outer"]);
  });
});

describeEverywhere("the disposal of an operation", (everywhere) => {
  everywhere("two disposals at the same time both wait for the children", async (t) => {
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

  everywhere(
    "disposal during run() is refused, and run() ends the operation in its own time (CONF-B19)",
    async () => {
      await new Cancellable().run(async (outer) => {
        const inner = new Cancellable();
        const running = inner.run(() => sleep(10).then(() => "value"));
        await expect(inner[Symbol.asyncDispose]()).rejects.toMatchObject({ code: "ERR_NOT_STARTED" });
        expect(inner.status).toBe("running");
        expect(outer.children).toEqual([inner]);
        expect(await running).toBe("value");
        expect(outer.children).toEqual([]);
      });
    },
  );
});

describeEverywhere("a block of the handle form that throws", (everywhere) => {
  everywhere(
    "waits for everything that the block has started, unless the block cancels the operation",
    async (t) => {
      const failure = new Error("in the block");
      const block = async (cancels: boolean): Promise<void> => {
        await using op = new Cancellable().start();
        moveOnAfter(30, () => sleepForever(), { parent: op }).catch(() => {}); // rejects if `op` is cancelled
        if (cancels) op.cancel("error");
        throw failure;
      };
      expect(await rejection(block(true))).toBe(failure);
      const before = t.elapsed();
      expect(await rejection(block(false))).toBe(failure);
      expect(t.elapsed() - before).toBeGreaterThanOrEqual(29);
    },
  );
});
