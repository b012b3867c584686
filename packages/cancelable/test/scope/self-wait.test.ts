import { describe, expect } from "vitest";
import {
  CapacityLimiter,
  type Lease,
  Lock,
  moveOnAfter,
  sleep,
  type Task,
  taskGroup,
} from "../../src/index.ts";
import { ReadWriteLock } from "../../src/sync/index.ts";
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

describe("a task that waits for itself, or for its own lease", () => {
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

  inVirtualTime("is reported without a place where errors have no stack", async (t) => {
    const lock = new Lock();
    const before = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      await acquireTwice(() => lock.acquire());
    } finally {
      Error.stackTraceLimit = before;
    }
    const message = expect.stringMatching(/for 5 s(?! at)/);
    expect(t.reported.splice(0)).toMatchObject([{ ...usage("ERR_ALREADY_HELD"), message }]);
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

  inVirtualTime("is reported for a reader that waits to write, also if another task reads", async (t) => {
    const lock = new ReadWriteLock();
    await taskGroup(async (group) => {
      group.startSoon(() => lock.read(() => sleep(20_000)));
      await sleep(1);
      group.startSoon(() => moveOnAfter(10_000, () => lock.read(() => lock.write(() => {}))));
    });
    expect(t.reported.splice(0)).toMatchObject([usage("ERR_ALREADY_HELD")]);
    await lock.write(() => {});
  });

  inVirtualTime("is not reported when another flow of the task releases within 5 s", async (t) => {
    const lock = new Lock();
    await taskGroup((group) => {
      group.startSoon(() => Promise.all([lock.run(() => sleep(4_000)), lock.run(() => sleep(6_000))]));
    });
    t.expectElapsed(10_000);
    expect(t.reported).toEqual([]);
  });

  inVirtualTime("is reported when it awaits itself or a task around it, and goes on to wait", async (t) => {
    const late = (await Promise.all([
      taskGroup((group) => {
        const inner: Task<unknown> = group.startSoon(function recursive() {
          return moveOnAfter(10_000, () => inner.wait());
        });
        const outer: Task<unknown> = group.startSoon(function around() {
          return moveOnAfter(10_000, () => taskGroup((below) => void below.startSoon(() => outer.wait())));
        });

        // Another task may wait as long as it likes.
        group.startSoon(() => outer.wait());
      }),
      sleep(4_999).then(() => t.reported.length),
    ])) as unknown[];
    t.expectElapsed(10_000);
    expect(late[1]).toBe(0);
    const messages = (t.reported.splice(0) as Error[]).map(({ message }) => message);
    expect(messages).toEqual([
      expect.stringMatching(/^Task recursive would wait for itself.*for 5 s/),
      expect.stringMatching(/^Task around would wait for itself.*for 5 s/),
    ]);
  });

  inVirtualTime("is not reported when the wait is given up within 5 s", async (t) => {
    await taskGroup((group) => {
      const task: Task<unknown> = group.startSoon(() => moveOnAfter(4_000, () => task.wait()));
    });
    await sleep(6_000);
    expect(t.reported).toEqual([]);
  });
});
