import { expect, vi } from "vitest";
import { CancelScope, checkpoint, moveOnAfter, run, sleep } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

/** Keeps the thread busy on the host's clock, by which turns are counted on every backend. */
function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

/** Whether a turn of the event loop goes by until `promise` settles. */
async function takesTurn(promise: () => Promise<unknown>): Promise<boolean> {
  let turned = false;
  const immediate = setImmediate(() => {
    turned = true;
  });
  await promise();
  clearImmediate(immediate);
  return turned;
}

describeEverywhere("checkpoint", (everywhere) => {
  everywhere("throws in a cancelled scope, each time, and not outside of it (CONF-A01)", async () => {
    const scope = new CancelScope();
    await scope.run(async () => {
      await checkpoint();
      scope.cancel();
      expect(await rejection(checkpoint())).toBe(scope.error);
      expect(await rejection(checkpoint())).toBe(scope.error);
    });
    await checkpoint();
  });

  everywhere("a loop of nothing else lets timers and other tasks run", async () => {
    let fired = false;
    setTimeout(() => {
      fired = true;
    }, 1);
    let rounds = 0;
    // Bounded, because a checkpoint that does not hop would keep this loop, and the process, for ever.
    for (const end = performance.now() + 5_000; !fired && performance.now() < end; rounds++)
      await checkpoint();
    expect(fired).toBe(true);
    expect(rounds).toBeGreaterThan(0);
  });

  everywhere("it takes a turn when there was none for 4 ms, and only a microtask else", async () => {
    spin(20);
    // Only moments that are past: the library remembers the last turn, and other tests follow.
    const start = performance.now() - 10;
    const clock = vi.spyOn(performance, "now");
    try {
      clock.mockReturnValue(start);
      expect(await takesTurn(checkpoint)).toBe(true);
      expect(await takesTurn(checkpoint)).toBe(false);
      clock.mockReturnValue(start + 3);
      expect(await takesTurn(checkpoint)).toBe(false);
      clock.mockReturnValue(start + 4);
      expect(await takesTurn(checkpoint)).toBe(true);
    } finally {
      clock.mockRestore();
    }
  });

  everywhere("a deadline that passed without a timer is noticed by it", async (t) => {
    let reached = false;
    await moveOnAfter(5, async () => {
      t.block(10);
      await checkpoint();
      reached = true;
    });
    expect(reached).toBe(false);
  });

  everywhere("one that is cancelled while it takes its turn throws", async () => {
    spin(5);
    const scope = new CancelScope();
    const error = await scope.run(async () => {
      const passing = checkpoint();
      scope.cancel();
      return rejection(passing);
    });
    expect(error).toBe(scope.error);
  });
});

describeEverywhere("sleep(0)", (everywhere) => {
  everywhere("always takes a turn, and so do spans below", async () => {
    for (const span of [0, -5, { seconds: 0 }]) {
      expect(await takesTurn(() => sleep(span))).toBe(true);
      expect(await takesTurn(() => sleep(span))).toBe(true);
    }
  });

  everywhere("a chain of them does not keep others from running", async () => {
    const order: string[] = [];
    const chain = async (name: string): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await sleep(0);
        order.push(name);
      }
    };
    await run(() => Promise.all([chain("a"), chain("b")]));
    expect(order).toEqual(["a", "b", "a", "b", "a", "b"]);
  });
});
