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

/** What a reader that always waits is told of an operation "a", each with the time; `body` runs in it. */
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

/** One report each 10 ms, called by its number. */
async function report(op: Cancellable, count: number): Promise<void> {
  for (let current = 1; current <= count; current++) {
    op.reportProgress({ current });
    await sleep(10);
  }
}

describe("the pace of a watcher", () => {
  inVirtualTime(
    "is a report in 100 ms, unless told otherwise; the newest one comes then",
    async (backend) => {
      expect(await told(backend, undefined, (op) => report(op, 25))).toEqual([
        "0: progress a 1",
        "100: progress a 10",
        "200: progress a 20",
        "250: ended a 25",
      ]);
    },
  );

  inVirtualTime("is as told, and the last report comes also if no other follows", async (backend) => {
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
  });

  inVirtualTime("with throttle 0 every report is told that finds the reader waiting", async (backend) => {
    expect(await told(backend, { throttle: 0 }, (op) => report(op, 3))).toEqual([
      "0: progress a 1",
      "10: progress a 2",
      "20: progress a 3",
      "30: ended a 3",
    ]);
  });

  inVirtualTime(
    "without limit (null) an operation's progress is told once, and no timer is set",
    async (backend) => {
      const body = async (op: Cancellable): Promise<void> => {
        await report(op, 3);
        expect(backend.timerCount).toBe(0);
      };
      expect(await told(backend, { throttle: null }, body)).toEqual(["0: progress a 1", "30: ended a 3"]);
    },
  );

  test("without limit no timer of the host is set either, which would keep the process alive", async () => {
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

  inVirtualTime("is each operation's own", async (backend) => {
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
    "does not hold up beginnings, cancellations and ends, which have what was held back",
    async (backend) => {
      const body = async (op: Cancellable): Promise<void> => {
        await report(op, 2);
        op.cancel();
        await op.shield(() => sleep(200));
      };
      expect(await told(backend, { throttle: 100 }, body)).toEqual([
        "0: progress a 1",
        "20: cancelled a 2",
        "220: ended a 2",
      ]);
    },
  );

  inVirtualTime(
    "counts from when a report was read: a slow reader is not hurried afterwards",
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
    "leaves no timer behind: after an end, after being forgotten, after the last read",
    async (backend) => {
      const register = new OperationRegistry();
      const events = register.watch({ throttle: { minutes: 1 } });
      /** An operation of whose progress something is held back. */
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

  inVirtualTime("is a watcher's: callbacks hear of every report", async (backend) => {
    const heard: unknown[] = [];
    const body = async (op: Cancellable): Promise<void> => {
      op.onProgress((_, progress) => void heard.push(progress));
      for (let i = 0; i < 50; i++) op.reportProgress("x");
    };
    expect(await told(backend, undefined, body)).toHaveLength(2);
    expect(heard).toHaveLength(50);
  });
});
