import { describe, expect, test } from "vitest";
import {
  Cancellable,
  type OperationEvent,
  OperationRegistry,
  sleep,
  type WatchOptions,
} from "../../src/index.ts";
import type { VirtualBackend } from "../../src/testing/index.ts";
import { brief, inVirtualTime, running } from "./running.ts";

/** Returns the events of an operation "a" that a waiting reader receives, with their times. `body` runs in "a". */
async function told(
  backend: VirtualBackend,
  options: WatchOptions | undefined,
  body: (op: Cancellable, register: OperationRegistry) => Promise<void>,
): Promise<string[]> {
  const register = new OperationRegistry();
  const events = register.watch(options);
  const reading = (async () => {
    const seen: string[] = [];
    for await (const event of events) {
      if (event.type !== "registered" && event.type !== "started")
        seen.push(`${backend.now()}: ${brief(event)}`);
      if (event.type === "ended" && event.operation.name === "a") break;
    }
    return seen;
  })();
  const op = new Cancellable({ name: "a", register });
  await op.settle(() => body(op, register));
  return reading;
}

/** Reports every 10 ms; each report is its own number. */
async function report(op: Cancellable, count: number): Promise<void> {
  for (let current = 1; current <= count; current++) {
    op.reportProgress({ current });
    await sleep(10);
  }
}

describe("the pace of a watcher", () => {
  inVirtualTime("by default a watcher gets at most one report in 100 ms, the newest one", async (backend) => {
    expect(await told(backend, undefined, (op) => report(op, 25))).toEqual([
      "0: progress a 1",
      "100: progress a 10",
      "200: progress a 20",
      "250: ended a 25",
    ]);
  });

  inVirtualTime(
    "the throttle sets the pace, and the last report comes even if no further report follows",
    async (backend) => {
      const body = async (op: Cancellable): Promise<void> => {
        await report(op, 4);
        await sleep(1_000);
      };
      expect(await told(backend, { throttle: 25 }, body)).toEqual([
        "0: progress a 1",
        "25: progress a 3",
        "50: progress a 4",
        "1040: ended a 4",
      ]);
    },
  );

  inVirtualTime("with throttle 0 a waiting reader gets every report", async (backend) => {
    expect(await told(backend, { throttle: 0 }, (op) => report(op, 3))).toEqual([
      "0: progress a 1",
      "10: progress a 2",
      "20: progress a 3",
      "30: ended a 3",
    ]);
  });

  inVirtualTime("with throttle null a reader gets one report, and no timer is set", async (backend) => {
    const body = async (op: Cancellable): Promise<void> => {
      await report(op, 3);
      expect(backend.timerCount).toBe(0);
    };
    expect(await told(backend, { throttle: null }, body)).toEqual(["0: progress a 1", "30: ended a 3"]);
  });

  test("with throttle null no timer of the host is set, so the watcher does not keep the process alive", async () => {
    const register = new OperationRegistry();
    const events = register.watch({ throttle: null });
    const one = running({ name: "a", register });
    one.op.reportProgress("1");
    while ((await events.next()).value?.type !== "progress");
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const before = timers();
    one.op.reportProgress("2");
    expect(timers()).toBe(before);
    await events.return?.();
    await one.end();
  });

  inVirtualTime("each operation has its own pace", async (backend) => {
    const body = async (op: Cancellable, register: OperationRegistry): Promise<void> => {
      const other = running({ name: "b", register });
      op.reportProgress({ current: 1 });
      await sleep(50);
      other.op.reportProgress({ current: 1 });
      await report(op, 7);
      await other.end();
    };
    expect(await told(backend, { throttle: 100 }, body)).toEqual([
      "0: progress a 1",
      "50: progress b 1",
      "100: progress a 5",
      "120: ended b 1",
      "120: ended a 7",
    ]);
  });

  inVirtualTime(
    "starts, cancellations and ends are not delayed, and contain the newest progress",
    async (backend) => {
      const body = async (op: Cancellable): Promise<void> => {
        await report(op, 2);
        op.cancel();
        await op.shield(() => sleep(200));
      };
      expect(await told(backend, { throttle: 100 }, body)).toEqual([
        "0: progress a 1",
        "20: cancelling a 2",
        "220: ended a 2",
      ]);
    },
  );

  inVirtualTime(
    "the pace counts from the moment when a report was read, so a slow reader is not flooded",
    async (backend) => {
      const register = new OperationRegistry();
      const events = register.watch({ throttle: 100 });
      const one = running({ name: "a", register });
      const read = async (): Promise<string> => brief((await events.next()).value as OperationEvent);
      await report(one.op, 9);
      expect([await read(), await read(), await read()]).toEqual([
        "registered a",
        "started a",
        "progress a 9",
      ]);
      one.op.reportProgress({ current: 10 });
      const next = await read();
      expect([next, backend.now()]).toEqual(["progress a 10", 190]);
      await one.end();
      await events.return?.();
    },
  );

  inVirtualTime(
    "no timer is left after an end, after unregister or clear, and after the last read",
    async (backend) => {
      const register = new OperationRegistry();
      const events = register.watch({ throttle: { minutes: 1 } });
      /** An operation with a report that waits for its time. */
      const held = async (): Promise<ReturnType<typeof running>> => {
        const one = running({ name: "a", register });
        one.op.reportProgress("1");
        while ((await events.next()).value?.type !== "progress");
        one.op.reportProgress("2");
        expect(backend.timerCount).toBe(1);
        return one;
      };
      const ended = await held();
      await ended.end();
      expect(backend.timerCount).toBe(0);
      const forgotten = await held();
      register.unregister(forgotten.op.id);
      expect(backend.timerCount).toBe(0);
      const cleared = await held();
      register.clear();
      expect(backend.timerCount).toBe(0);
      const last = await held();
      await events.return?.();
      expect(backend.timerCount).toBe(0);
      for (const one of [forgotten, cleared, last]) await one.end();
      expect(backend.now()).toBe(0);
    },
  );

  inVirtualTime("the pace affects watchers only: callbacks get every report", async (backend) => {
    const heard: unknown[] = [];
    const body = async (op: Cancellable): Promise<void> => {
      op.onProgress((progress) => void heard.push(progress));
      for (let i = 0; i < 50; i++) op.reportProgress("x");
    };
    expect(await told(backend, undefined, body)).toHaveLength(2);
    expect(heard).toHaveLength(50);
  });
});
