import { expect } from "vitest";
import { Cancellable, OperationRegistry, type OperationSnapshot, sleep } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectThrows, wrong } from "../refusals.ts";
import { endAll, inVirtualTime, names, running } from "./running.ts";

const ids = (snapshots: readonly OperationSnapshot[]): string[] => snapshots.map(({ id }) => id);

/** Runs `count` operations to their end, with the names 1, 2, 3, …. */
async function ended(register: OperationRegistry, count: number): Promise<void> {
  for (let i = 1; i <= count; i++) await new Cancellable({ id: `${i}`, register }).run(() => {});
}

describeEverywhere("a registry's history", (everywhere) => {
  everywhere(
    "the history is ordered oldest first, filtered by status, and limited to the newest (PAR-REG-06)",
    async () => {
      const register = new OperationRegistry();
      const all = ["1", "2", "3", "4", "5"].map((id) => running({ id, register }));
      const failure = new Error("broken");
      for (const [index, one] of all.entries()) await (index % 2 === 0 ? one.end() : one.fail(failure));
      expect(ids(register.history())).toEqual(["1", "2", "3", "4", "5"]);
      expect(ids(register.history({ status: "completed" }))).toEqual(["1", "3", "5"]);
      expect(ids(register.history({ status: ["failed", "cancelled"] }))).toEqual(["2", "4"]);
      expect(ids(register.history({ limit: 2 }))).toEqual(["4", "5"]);
      expect(ids(register.history({ status: "completed", limit: 2 }))).toEqual(["3", "5"]);
      expect(ids(register.history({ limit: 0 }))).toEqual([]);
      expect(ids(register.history({ limit: Number.POSITIVE_INFINITY }))).toHaveLength(5);
      expect(register.history({ status: "failed", limit: 1 })[0]).toMatchObject({ errorMessage: "broken" });
    },
  );

  everywhere("the order is that of the ends, not of the starts", async () => {
    const register = new OperationRegistry();
    const [first, second] = [running({ id: "1", register }), running({ id: "2", register })];
    await second.end();
    await first.end();
    expect(ids(register.history())).toEqual(["2", "1"]);
  });

  everywhere("a history of size 10 keeps the newest 10 of 25 in order (PAR-REG-07)", async () => {
    const register = new OperationRegistry({ history: 10 });
    for (let round = 1; round <= 25; round++) {
      await new Cancellable({ id: `${round}`, register }).run(() => {});
      const expected = Array.from(
        { length: Math.min(round, 10) },
        (_, i) => `${Math.max(0, round - 10) + i + 1}`,
      );
      expect(ids(register.history())).toEqual(expected);
    }
  });

  everywhere("the default size is 1,000 (PAR-REG-07)", async () => {
    const register = new OperationRegistry();
    await ended(register, 1_005);
    expect(register.history()).toHaveLength(1_000);
    expect(ids(register.history({ limit: 1 }))).toEqual(["1005"]);
    expect(register.history()[0]?.id).toBe("6");
    expect(register.statistics().past.count).toBe(1_005);
  });

  everywhere("a size of 0 keeps nothing, and Infinity keeps everything", async () => {
    const none = new OperationRegistry({ history: 0 });
    const all = new OperationRegistry({ history: Number.POSITIVE_INFINITY });
    await ended(none, 3);
    await ended(all, 3);
    expect([none.history(), ids(all.history())]).toEqual([[], ["1", "2", "3"]]);
    expect(none.statistics()).toMatchObject({ past: { count: 3 }, durations: { count: 0 } });
  });

  everywhere("invalid options are refused", () => {
    const register = new OperationRegistry();
    const least0 = "a whole number of at least 0, or Infinity";
    expectThrows("TypeError", [
      [() => new OperationRegistry(wrong(7)), "options", "an object", "7"],
      [() => new OperationRegistry({ history: wrong("5") }), "options.history", "a number", '"5"'],
      [() => register.history(wrong("x")), "query", "an object", '"x"'],
      [() => register.history({ limit: wrong("5") }), "query.limit", "a number", '"5"'],
      [() => register.history({ since: wrong("x") }), "query.since", "a Date or epoch milliseconds", '"x"'],
      [() => register.cleanupCompleted(wrong(7)), "options", "an object", "7"],
      [() => register.cleanupCompleted({ keepFailed: wrong(1) }), "options.keepFailed", "true or false", "1"],
    ]);
    expectThrows("RangeError", [
      [() => new OperationRegistry({ history: -1 }), "options.history", least0, "-1"],
      [() => new OperationRegistry({ history: Number.NaN }), "options.history", least0, "NaN"],
      [() => register.history({ limit: 1.5 }), "query.limit", least0, "1.5"],
      [
        () => register.history({ since: Number.NaN }),
        "query.since",
        "a valid Date or epoch milliseconds",
        "NaN",
      ],
    ]);
    expect(() => register.history({ status: wrong("done") })).toThrow(RangeError);
    expect(() => register.cleanupCompleted({ olderThan: Number.NaN })).toThrow(RangeError);
  });
});

inVirtualTime("history since a moment has what ended then or later (PAR-REG-06)", async (backend) => {
  const register = new OperationRegistry();
  for (const id of ["at 10", "at 20", "at 30"]) await new Cancellable({ id, register }).run(() => sleep(10));
  const at = (ms: number): number => backend.epoch() - backend.now() + ms;
  expect(ids(register.history({ since: at(20) }))).toEqual(["at 20", "at 30"]);
  expect(ids(register.history({ since: new Date(at(21)) }))).toEqual(["at 30"]);
  expect(ids(register.history({ since: at(31) }))).toEqual([]);
  expect(ids(register.history({ since: 0, limit: 1, status: "completed" }))).toEqual(["at 30"]);
  expect(register.history({ limit: 1 })[0]).toMatchObject({
    startTime: "2000-01-01T00:00:00.020Z",
    endTime: "2000-01-01T00:00:00.030Z",
    duration: 10,
  });
});

describeEverywhere("cleanupCompleted", (everywhere) => {
  everywhere(
    "ended operations are dropped and counted, and failed ones kept on request (PAR-REG-08)",
    async () => {
      const register = new OperationRegistry();
      await ended(register, 3);
      for (const id of ["broken 1", "broken 2"]) await running({ id, register }).fail(new Error(id));
      const cancelled = running({ id: "cancelled", register });
      cancelled.op.cancel();
      await cancelled.outcome;
      const alive = running({ id: "alive", register });
      expect(register.cleanupCompleted({ keepFailed: true })).toBe(4);
      expect(ids(register.history())).toEqual(["broken 1", "broken 2"]);
      expect(register.cleanupCompleted({ keepFailed: true })).toBe(0);
      expect(register.cleanupCompleted({ keepFailed: false })).toBe(2);
      expect(register.cleanupCompleted()).toBe(0);
      expect(ids(register.list())).toEqual(["alive"]);
      await alive.end();
      expect(register.cleanupCompleted()).toBe(1);
      expect(register.statistics().past.count).toBe(7);
    },
  );

  everywhere("without a maximum age nothing is dropped, and the history goes on afterwards", async () => {
    const register = new OperationRegistry({ history: 3 });
    await ended(register, 5);
    expect(register.cleanupCompleted({ olderThan: null })).toBe(0);
    expect(register.cleanupCompleted()).toBe(3);
    await ended(register, 4);
    expect(ids(register.history())).toEqual(["2", "3", "4"]);
  });
});

inVirtualTime(
  "cleanupCompleted drops what is old enough on the clock of the backend (PAR-REG-08)",
  async () => {
    const register = new OperationRegistry();
    for (const id of ["1", "2", "3"])
      await new Cancellable({ id, register }).run(() => sleep({ minutes: 1 }));
    expect(register.cleanupCompleted({ olderThan: { minutes: 3 } })).toBe(0);
    expect(register.cleanupCompleted({ olderThan: { minutes: 1 } })).toBe(2);
    expect(ids(register.history())).toEqual(["3"]);
  },
);

describeEverywhere("statistics and clear", (everywhere) => {
  everywhere(
    "the counts are by status and by reason, for live and past operations (PAR-REG-09)",
    async () => {
      const register = new OperationRegistry({ history: 1 });
      const nothing = { count: 0, mean: undefined, p50: undefined, p95: undefined, p99: undefined };
      expect(register.statistics()).toEqual({
        active: { count: 0, byStatus: {} },
        past: { count: 0, byStatus: {}, byReason: {} },
        durations: nothing,
      });
      await ended(register, 2);
      await running({ register }).fail(new Error("broken"));
      for (const reason of ["shutdown", "shutdown", "manual"] as const) {
        const one = running({ register });
        one.op.cancel(reason);
        await one.outcome;
      }
      await Cancellable.withTimeout(0, { register }).settle(() => {});
      const asked = new Cancellable({ register });
      await asked.run(() => void asked.cancel("signal"));
      const alive = [running({ register }), running({ register })];
      const late = new Cancellable();
      register.register(late);
      expect(register.statistics()).toMatchObject({
        active: { count: 3, byStatus: { running: 2, pending: 1 } },
        past: {
          count: 8,
          byStatus: { completed: 3, failed: 1, cancelled: 4 },
          byReason: { shutdown: 2, manual: 1, timeout: 1 },
        },
      });
      expect(register.statistics().past.byReason).not.toHaveProperty("signal");
      register.unregister(late.id);
      await endAll(alive);
    },
  );

  everywhere("clear() forgets live and past operations, and live operations go on", async () => {
    const register = new OperationRegistry();
    await ended(register, 2);
    const alive = [running({ id: "same", register }), running({ id: "same", register })];
    register.clear();
    expect([register.size, register.list(), register.history()]).toEqual([0, [], []]);
    expect(register.statistics()).toMatchObject({ active: { count: 0 }, past: { count: 0, byStatus: {} } });
    alive[0]?.op.reportProgress("still here");
    await endAll(alive);
    expect(alive.map(({ op }) => op.status)).toEqual(["completed", "completed"]);
    expect([register.size, register.history()]).toEqual([0, []]);
    await new Cancellable({ name: "new", register }).run(() => {});
    expect(names(register.history())).toEqual(["new"]);
  });

  everywhere("statistics that were handed out do not change", async () => {
    const register = new OperationRegistry();
    await ended(register, 1);
    const before = register.statistics();
    await ended(register, 2);
    expect(before.past).toEqual({ count: 1, byStatus: { completed: 1 }, byReason: {} });
  });
});

inVirtualTime("durations are of completed ones only: 2 s of 1, 2 and 3 (PAR-REG-09)", async () => {
  const register = new OperationRegistry();
  for (const seconds of [3, 1, 2]) await new Cancellable({ register }).run(() => sleep({ seconds }));
  await Cancellable.withTimeout({ hours: 1 }, { register }).settle(() => sleep({ hours: 2 }));
  await new Cancellable({ register }).settle(async () => {
    await sleep({ hours: 1 });
    throw new Error("broken");
  });
  expect(register.statistics().durations).toEqual({
    count: 3,
    mean: 2_000,
    p50: 2_000,
    p95: 3_000,
    p99: 3_000,
  });
});

inVirtualTime("percentiles are of the nearest rank, of what the history has (PAR-REG-09)", async () => {
  const register = new OperationRegistry({ history: 100 });
  for (let ms = 101; ms > 0; ms--) await new Cancellable({ register }).run(() => sleep(ms));
  expect(register.statistics().durations).toEqual({ count: 100, mean: 50.5, p50: 50, p95: 95, p99: 99 });
  const single = new OperationRegistry();
  await new Cancellable({ register: single }).run(() => sleep(7));
  expect(single.statistics().durations).toEqual({ count: 1, mean: 7, p50: 7, p95: 7, p99: 7 });
});
