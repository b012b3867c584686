import { describe, expect } from "vitest";
import { CapacityLimiter, type Lease, Lock, moveOnAfter, sleep, taskGroup } from "../../src/index.ts";
import { inVirtualTime } from "../backends.ts";
import { usage } from "../until.ts";

/** Runs a child that acquires twice, and is cancelled after 20 s. */
function acquireTwice(acquire: () => Promise<Lease>): Promise<unknown> {
  return taskGroup((group) => {
    group.startSoon(() =>
      moveOnAfter(20_000, async () => {
        using _first = await acquire();
        using _second = await acquire();
      }),
    );
  });
}

describe("a task that waits for its own lease", () => {
  inVirtualTime("is reported once after 5 s, and goes on to wait (rule 11)", async (t) => {
    const lock = new Lock();
    const watching = sleep(4_999).then(() => expect(t.reported).toEqual([]));
    await acquireTwice(() => lock.acquire());
    await watching;
    t.expectElapsed(20_000);
    const held = {
      ...usage("ERR_ALREADY_HELD"),
      message: expect.stringMatching(/^Lock is already held.*for 5 s/),
    };
    expect(t.reported.splice(0)).toMatchObject([held]);
    expect([lock.isLocked, lock.waiting]).toEqual([false, 0]);
    await acquireTwice(() => lock.acquire());
    expect(t.reported).toEqual([]);
  });

  inVirtualTime("is reported for a limiter when the task holds all tokens", async (t) => {
    const limiter = new CapacityLimiter(1);
    await acquireTwice(() => limiter.acquire());
    expect(t.reported.splice(0)).toMatchObject([usage("ERR_ALREADY_HELD")]);
    expect(limiter.available).toBe(1);
    await acquireTwice(() => new CapacityLimiter(0).acquire());
    expect(t.reported).toEqual([]);
    const shared = new CapacityLimiter(2);
    await shared.acquire();
    await acquireTwice(() => shared.acquire());
    expect(t.reported).toEqual([]);
  });

  inVirtualTime("is not reported when another flow of the task releases within 5 s", async (t) => {
    const lock = new Lock();
    await taskGroup((group) => {
      group.startSoon(() => Promise.all([lock.run(() => sleep(4_000)), lock.run(() => sleep(6_000))]));
    });
    t.expectElapsed(10_000);
    expect(t.reported).toEqual([]);
  });
});
