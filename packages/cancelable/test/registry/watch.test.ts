import { expect } from "vitest";
import { Cancellable, moveOnAfter, type OperationEvent, OperationRegistry } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { expectThrows, expectUsageError, wrong } from "../refusals.ts";
import { brief, readUntil, running } from "./running.ts";

/** Whether the registry has a watcher: it takes snapshots only for watchers. */
function watched(register: OperationRegistry): boolean {
  let asked = 0;
  const probe = new Cancellable({ name: "probe" });
  const context = { isTerminal: false, toJSON: () => ({ ...probe.context.toJSON(), asked: ++asked }) };
  const operation = {
    id: "probe",
    name: "probe",
    parent: undefined,
    context,
    cancel: () => false,
    observe: () => {},
  };
  register.register(wrong(operation));
  register.unregister("probe");
  return asked > 0;
}

describeEverywhere("the events of watch()", (everywhere) => {
  everywhere("the events are in order: registered, started, progress, cancelling, ended", async () => {
    const register = new OperationRegistry();
    const before = running({ name: "before", register });
    const events = register.watch();
    const op = new Cancellable({ name: "a", register });
    const outcome = op.settle(async () => {
      op.reportProgress("begun");
      await op.sleep({ hours: 1 });
    });
    op.cancel("shutdown");
    await outcome;
    await new Cancellable({ name: "b", register }).run(() => {});
    expect(await readUntil(events, "ended b")).toEqual([
      "registered a",
      "started a",
      "progress a begun",
      "cancelling a begun",
      "ended a begun",
      "registered b",
      "started b",
      "ended b",
    ]);
    await before.end();
  });

  everywhere("each event has a snapshot of its moment", async () => {
    const register = new OperationRegistry();
    const events = register.watch();
    await new Cancellable({ name: "a", register }).run((op) => void op.cancel("shutdown", "bye"));
    const seen: unknown[] = [];
    for await (const { type, operation } of events) {
      seen.push([type, operation.status, operation.cancelReason, operation.endTime !== undefined]);
      if (type === "ended") break;
    }
    expect(seen).toEqual([
      ["registered", "running", undefined, false],
      ["started", "running", undefined, false],
      ["cancelling", "running", "shutdown", false],
      ["ended", "completed", "shutdown", true],
    ]);
  });

  everywhere("a waiting reader gets each event when it happens", async () => {
    const register = new OperationRegistry();
    const events = register.watch();
    const first = events.next();
    const one = running({ name: "a", register });
    expect(brief((await first).value as OperationEvent)).toBe("registered a");
    const outcome = one.end();
    expect(await readUntil(events, "ended a")).toEqual(["started a", "ended a"]);
    await outcome;
  });

  everywhere("a cancellation from above gives an event for each operation that it reaches", async () => {
    const register = new OperationRegistry();
    const events = register.watch();
    const parent = new Cancellable({ name: "above", register });
    const outcome = parent.settle(() => running({ name: "below", register }).outcome);
    parent.cancel();
    await outcome;
    const seen = await readUntil(events, "ended above");
    expect(seen.slice(4)).toEqual(["cancelling above", "cancelling below", "ended below", "ended above"]);
  });

  everywhere("each watcher gets its own copies", async () => {
    const register = new OperationRegistry();
    const [one, other] = [register.watch(), register.watch()];
    await new Cancellable({ name: "a", metadata: { x: 1 }, register }).run((op) =>
      op.reportProgress({ current: 1 }),
    );
    for await (const { type, operation } of one) {
      Object.assign(operation.metadata, { x: 99 });
      Object.assign((operation.progress ?? {}) as object, { current: 99 });
      Object.assign(operation, { name: "spoilt" });
      if (type === "ended") break;
    }
    expect(await readUntil(other, "ended a 1")).toHaveLength(4);
    expect(register.history()[0]).toMatchObject({ name: "a", metadata: { x: 1 }, progress: { current: 1 } });
  });
});

describeEverywhere("a slow watcher", (everywhere) => {
  everywhere("a slow reader gets every start and end, and only the newest progress", async () => {
    const register = new OperationRegistry();
    const events = register.watch();
    const expected: string[] = [];
    for (let i = 0; i < 100; i++) {
      await new Cancellable({ name: `${i}`, register }).run((op) => {
        for (let current = 1; current <= 50; current++) op.reportProgress({ current });
      });
      expected.push(`registered ${i}`, `started ${i}`, `progress ${i} 50`, `ended ${i} 50`);
    }
    expect(await readUntil(events, "ended 99 50")).toEqual(expected);
  });

  everywhere("of two operations with the same id a slow reader gets the progress of each", async () => {
    const register = new OperationRegistry();
    const events = register.watch();
    const [a, b] = ["a", "b"].map((name) => running({ id: "same", name, register }));
    for (const current of [1, 2]) {
      a?.op.reportProgress({ current });
      b?.op.reportProgress({ current });
    }
    await a?.end();
    const again = running({ id: "same", name: "c", register });
    again.op.reportProgress({ current: 3 });
    await again.end();
    await b?.end();
    const seen = await readUntil(events, "ended b 2");
    expect(seen.slice(4)).toEqual([
      "progress a 2",
      "progress b 2",
      "ended a 2",
      "registered c",
      "started c",
      "progress c 3",
      "ended c 3",
      "ended b 2",
    ]);
  });

  everywhere("a reader that is 100,000 operations behind catches up", async () => {
    const register = new OperationRegistry({ history: 0 });
    const events = register.watch({ buffer: Number.POSITIVE_INFINITY });
    for (let i = 0; i < 100_000; i++) {
      const operation = { id: `${i}`, name: "x", parent: undefined, context: new Cancellable().context };
      register.started({ ...operation, cancel: () => false, observe() {} });
    }
    let count = 0;
    for await (const { type } of events) {
      count++;
      if (type === "started" && count === 200_000) break;
    }
    register.clear();
    expect(count).toBe(200_000);
  });
});

describeEverywhere("the end of watching", (everywhere) => {
  everywhere("leaving the loop ends watching", async () => {
    const register = new OperationRegistry();
    const events = register.watch();
    expect(watched(register)).toBe(true);
    for await (const _ of events) break;
    expect(watched(register)).toBe(false);
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  everywhere("a reader that throws ends watching", async () => {
    const register = new OperationRegistry();
    const failure = new Error("the reader's");
    const one = running({ register });
    const reading = async (): Promise<void> => {
      const events = register.watch();
      one.op.reportProgress("news");
      for await (const _ of events) throw failure;
    };
    expect(await rejection(reading())).toBe(failure);
    expect(watched(register)).toBe(false);
    await one.end();
  });

  everywhere("the cancellation of a waiting reader ends watching", async () => {
    const register = new OperationRegistry();
    const events = register.watch();
    const reader = new Cancellable();
    const outcome = reader.settle(async () => {
      for await (const _ of events);
    });
    reader.cancel();
    expect((await outcome).status).toBe("cancelled");
    expect(watched(register)).toBe(false);
  });

  everywhere(
    "the timeout of a reader ends watching although more events wait: a read is a checkpoint",
    async () => {
      const register = new OperationRegistry();
      const events = register.watch();
      const one = running({ register });
      let seen = 0;
      await moveOnAfter(1_000, async (scope) => {
        for await (const _ of events) {
          seen++;
          scope.cancel();
        }
      });
      expect(seen).toBe(1);
      expect(watched(register)).toBe(false);
      await one.end();
    },
  );

  everywhere("return() ends watching, also during a read", async () => {
    const register = new OperationRegistry();
    const events = register.watch();
    const waiting = events.next();
    expect(await events.return?.()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await events.return?.()).toEqual({ done: true, value: undefined });
    expect(watched(register)).toBe(false);
  });

  everywhere("the end of one watcher does not affect the others", async () => {
    const register = new OperationRegistry();
    const [one, other] = [register.watch(), register.watch()];
    await one.return?.();
    await new Cancellable({ name: "a", register }).run(() => {});
    expect(await readUntil(other, "ended a")).toEqual(["registered a", "started a", "ended a"]);
  });
});

describeEverywhere("the misuse of a watcher", (everywhere) => {
  everywhere("a second read at the same time is refused, and the first read goes on", async () => {
    const register = new OperationRegistry();
    const events = register.watch();
    const first = events.next();
    const busy = /^The watcher is in use by another caller\.$/;
    expectUsageError(await rejection(events.next()), "ERR_BUSY", busy);
    const one = running({ name: "a", register });
    expect(brief((await first).value as OperationEvent)).toBe("registered a");
    await one.end();
    expect(await readUntil(events, "ended a")).toEqual(["started a", "ended a"]);
  });

  everywhere("an invalid throttle is refused, and no watcher is added", () => {
    const register = new OperationRegistry();
    expectThrows("TypeError", [
      [() => register.watch(wrong(7)), "options", "an object", "7"],
      [
        () => register.watch({ throttle: wrong("1s") }),
        "options.throttle",
        "milliseconds, a Duration such as { seconds: 5 }, or null",
        '"1s"',
      ],
    ]);
    expectThrows("RangeError", [
      [() => register.watch({ throttle: Number.NaN }), "options.throttle", "a number of milliseconds", "NaN"],
    ]);
    expect(watched(register)).toBe(false);
  });
});
