import { expect, vi } from "vitest";
import { Cancellable, type OperationSnapshot, sleep, TimeoutSource } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

describeEverywhere("the facts of an operation", (everywhere) => {
  everywhere("statuses and reasons are plain strings (PAR-MOD-01)", async () => {
    const seen: string[] = [];
    const op = new Cancellable();
    seen.push(op.context.status);
    await op.settle(() => {
      seen.push(op.context.status);
      op.cancel("shutdown");
      op.check();
    });
    seen.push(op.context.status, op.context.cancelReason ?? "none");
    expect(seen).toEqual(["pending", "running", "cancelled", "shutdown"]);
  });

  everywhere("a new operation has an id and the given options, and nothing else (PAR-MOD-02)", () => {
    const { id, ...rest } = new Cancellable().context.toJSON();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(rest).toMatchObject({ status: "pending", metadata: {}, cancelRequested: false });
    expect([rest.name, rest.startTime, rest.endTime, rest.errorMessage, rest.parentId]).toEqual(
      Array.from({ length: 5 }),
    );
    const given = new Cancellable({ id: "7", name: "import", metadata: { user: 1 } }).context.toJSON();
    expect(given).toMatchObject({ id: "7", name: "import", metadata: { user: 1 } });
  });

  everywhere("the duration is undefined before the start, and final after the end (PAR-MOD-03)", async () => {
    const op = new Cancellable();
    expect(op.context.duration).toBeUndefined();
    await op.run(async () => {
      expect(op.context.duration).toBeGreaterThanOrEqual(0);
      await sleep(5);
    });
    const { duration } = op.context;
    expect(duration).toBeGreaterThanOrEqual(5);
    await sleep(5);
    expect(op.context.duration).toBe(duration);
  });

  everywhere("isTerminal is true after every end; a timeout is a cancellation (PAR-MOD-04)", async () => {
    const failing = new Cancellable();
    const late = Cancellable.withTimeout(1);
    const well = new Cancellable();
    expect(well.context.isTerminal).toBe(false);
    await failing.settle(() => Promise.reject(new Error("x")));
    await late.settle(() => sleep(60_000));
    await well.run(() => {});
    expect([failing, late, well].map(({ context }) => [context.isTerminal, context.status])).toEqual([
      [true, "failed"],
      [true, "cancelled"],
      [true, "completed"],
    ]);
  });

  everywhere("the snapshot is a record for a log, with an end time after the end (PAR-MOD-05)", async () => {
    const op = new Cancellable({ name: "import" });
    await op.run(() => expect(op.context.toJSON().endTime).toBeUndefined());
    const { startTime, endTime, status, name } = op.context.toJSON();
    expect({ status, name }).toEqual({ status: "completed", name: "import" });
    expect(Date.parse(endTime ?? "")).toBeGreaterThanOrEqual(Date.parse(startTime ?? ""));
  });

  everywhere("a wall clock that is set back does not put the end before the start", async (t) => {
    const op = new Cancellable();
    const before = Date.now();
    let at = t.backend.epoch();
    vi.spyOn(t.backend, "epoch").mockImplementation(() => at);
    vi.spyOn(Date, "now").mockImplementation(() => at);
    await op.run(() => {
      expect(op.context.startTime?.getTime()).toBeGreaterThan(0);
      at -= 3_600_000;
    });
    const { startTime, endTime, duration } = op.context;
    vi.restoreAllMocks();
    expect(Date.now()).toBeGreaterThanOrEqual(before);
    expect(endTime?.getTime()).toBe(Math.trunc((startTime?.getTime() ?? 0) + (duration ?? 0)));
  });

  everywhere("the snapshot survives JSON (PAR-MOD-06)", async () => {
    const op = new Cancellable({ name: "import", metadata: { user: 1 } });
    await op.settle((self) => {
      self.addSource(new TimeoutSource(20));
      self.reportProgress({ current: 1, total: 2 });
      return sleep(60_000);
    });
    const snapshot = op.context.toJSON();
    const back = JSON.parse(JSON.stringify(snapshot)) as OperationSnapshot;
    for (const [key, value] of Object.entries(back))
      expect(value, key).toEqual(snapshot[key as keyof OperationSnapshot]);
    expect(back).toMatchObject({ status: "cancelled", cancelReason: "timeout", progress: { current: 1 } });
  });
});
