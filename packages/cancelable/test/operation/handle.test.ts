import { expect, vi } from "vitest";
import {
  Cancellable,
  CancelScope,
  currentOperation,
  isCancellation,
  shield,
  sleep,
  sleepForever,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("the handle form", (everywhere) => {
  everywhere("start gives the operation back, running, and makes it no ambient one", async () => {
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

  everywhere("its own methods notice the cancellation; disposing ends it as cancelled", async (t) => {
    const op = Cancellable.withTimeout(10).start();
    expect(await rejection(op.sleep(60_000))).toBe(op.token.error);
    expect(await rejection(op.waitFor(new Promise(() => {})))).toBe(op.token.error);
    expect(op.signal.aborted).toBe(true);
    expect(() => op.check()).toThrow(op.token.error);
    await op[Symbol.asyncDispose]();
    expect(op.context).toMatchObject({ status: "cancelled", cancelReason: "timeout" });
    t.expectElapsed(10);
  });

  everywhere("disposing waits for what was started in it", async () => {
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

  everywhere("disposing calls the callbacks of the end, and waits for them", async () => {
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

  everywhere("the grace runs from the cancellation: when disposed of later, it waits no more", async (t) => {
    const op = new Cancellable({ grace: 10 }).start();
    let ended = false;
    const left = new Cancellable({ parent: op }).settle(async () => {
      await shield(() => sleep(200));
      ended = true;
    });
    op.cancel();
    await sleep(20);
    await op[Symbol.asyncDispose]();
    expect(ended).toBe(false);
    expect(op.context.status).toBe("cancelled");
    if (t.backend.name === "virtual") t.expectElapsed(20);
    await left;
  });

  everywhere(
    "disposing again does nothing, before the start it is misuse (CONF-B17, PAR-CAN-30)",
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

  everywhere("it runs once, in either form", async () => {
    const op = new Cancellable().start();
    expect(() => op.start()).toThrow(expect.objectContaining({ code: "ERR_ALREADY_STARTED" }));
    expect(await rejection(op.run(() => {}))).toMatchObject({ code: "ERR_ALREADY_STARTED" });
    await op[Symbol.asyncDispose]();
    expect(() => op.start()).toThrow(expect.objectContaining({ code: "ERR_ALREADY_STARTED" }));
  });

  everywhere("an error in the block leaves as it is, and the operation has ended", async () => {
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

  everywhere("disposing leaves no timer and no place in the parent", async () => {
    const parent = new Cancellable().start();
    {
      await using handle = Cancellable.withTimeout(60_000, { parent }).start();
      expect(parent.children).toEqual([handle]);
    }
    expect(parent.children).toEqual([]);
    await parent[Symbol.asyncDispose]();
  });
});

describeEverywhere("depth", (everywhere) => {
  everywhere("cancelling 100,000 nested operations costs no stack, pending or running", async () => {
    for (const started of [false, true]) {
      const root = new Cancellable().start();
      const chain: Cancellable[] = [root];
      for (let i = 0; i < 100_000; i++) {
        const op = new Cancellable({ parent: chain[i] as Cancellable });
        chain.push(started ? op.start() : op);
      }
      const deepest = chain[100_000] as Cancellable;
      const sleeping = started ? rejection(deepest.sleep(null)) : undefined;
      expect(root.cancel("shutdown", "all of it")).toBe(true);
      expect(chain.every((op) => op.isCancelled)).toBe(true);
      expect(deepest.context.cancelReason).toBe("parent");
      expect(isCancellation(await sleeping, deepest)).toBe(started);
      if (started) for (const op of chain.reverse()) await op[Symbol.asyncDispose]();
      else await root[Symbol.asyncDispose]();
    }
  });

  everywhere("nor does a deep nest of scopes (CONF-B25)", async () => {
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
        // Each level in a turn of its own: the nest is deep, and the stack of who builds it is not.
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
