import { expect, test, vi } from "vitest";
import {
  Cancellable,
  CancellationToken,
  currentOperation,
  OperationRegistry,
  run,
  sleep,
  sleepForever,
  TimeoutSource,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("an operation's context: status", (everywhere) => {
  everywhere("the status is pending, then running, then completed (PAR-CAN-01, PAR-CAN-34)", async () => {
    const op = new Cancellable();
    expect([op.context.status, op.isRunning, op.isCompleted, op.context.isTerminal]).toEqual([
      "pending",
      false,
      false,
      false,
    ]);
    await op.run(() => {
      expect([op.context.status, op.isRunning, op.isCompleted]).toEqual(["running", true, false]);
      expect(currentOperation()).toBe(op);
    });
    expect([op.context.status, op.isRunning, op.isCompleted, op.context.isTerminal]).toEqual([
      "completed",
      false,
      true,
      true,
    ]);
    expect(op.context.duration).toBeGreaterThanOrEqual(0);
    expect(op.isCancelled).toBe(false);
  });

  everywhere("an error of the body gives status failed and the error's message (PAR-CAN-31)", async () => {
    const op = new Cancellable();
    await rejection(op.run(() => Promise.reject(new Error("broken"))));
    expect(op.context).toMatchObject({ status: "failed", errorMessage: "broken", cancelRequested: false });
    const odd = new Cancellable();
    await rejection(odd.run(() => Promise.reject("just text")));
    expect(odd.context).toMatchObject({ status: "failed", errorMessage: "just text" });
  });

  everywhere("a timeout gives status cancelled with reason and message (PAR-CAN-09)", async () => {
    const op = Cancellable.withTimeout({ seconds: 0.01 });
    await op.settle(() => sleepForever());
    expect(op.context).toMatchObject({ status: "cancelled", cancelRequested: true, cancelReason: "timeout" });
    expect(op.context.cancelMessage).toContain("timed out");
    expect(op.context.errorMessage).toBeUndefined();
  });

  everywhere("a token gives its reason and message (PAR-CAN-07)", async () => {
    const token = new CancellationToken();
    const op = Cancellable.withToken(token);
    await op.settle(() => {
      token.cancel("disconnect", "the client has gone");
      return sleepForever();
    });
    expect(op.context).toMatchObject({
      status: "cancelled",
      cancelReason: "disconnect",
      cancelMessage: "the client has gone",
    });
  });

  everywhere("a cancellation after the end changes nothing", async () => {
    const op = new Cancellable();
    await op.run(() => sleep(1));
    const { duration } = op.context;
    expect(op.cancel("manual", "too late")).toBe(false);
    op.token.cancel("manual", "too late");
    await sleep(5);
    expect(op.context).toMatchObject({ status: "completed", cancelRequested: false, duration });
    expect(op.isCancelled).toBe(false);
  });
});

describeEverywhere("an operation's context: fields", (everywhere) => {
  everywhere("the id is a UUID unless an id was given (PAR-CAN-02)", () => {
    const ids = [new Cancellable().id, new Cancellable().context.id];
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(ids[0]).not.toBe(ids[1]);
    const named = new Cancellable({ id: "mine", name: "report" });
    expect([named.context.id, named.context.name, named.id, named.name]).toEqual([
      "mine",
      "report",
      "mine",
      "report",
    ]);
    expect(String(named)).toContain("report");
  });

  everywhere("the metadata belongs to the user and may be changed in place (PAR-CAN-03)", () => {
    const given = { user: 7 };
    const op = new Cancellable({ metadata: given });
    expect(op.context.metadata).toEqual({ user: 7 });
    op.context.metadata.step = "two";
    expect(op.context.metadata).toEqual({ user: 7, step: "two" });
    expect(given).toEqual({ user: 7 });
    expect(new Cancellable().context.metadata).toEqual({});
  });

  everywhere("times are on the backend's clock, and the duration grows until the end", async (t) => {
    const op = new Cancellable();
    expect([op.context.startTime, op.context.endTime, op.context.duration]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const start = t.backend.epoch();
    await op.run(async () => {
      await sleep(10);
      expect(op.context.duration).toBeGreaterThanOrEqual(10);
      expect(op.context.endTime).toBeUndefined();
      await sleep(10);
    });
    const { startTime, endTime, duration } = op.context;
    expect(duration).toBeGreaterThanOrEqual(20);
    await sleep(10);
    expect(op.context.duration).toBe(duration);
    // Wall-clock times are whole milliseconds.
    expect(Math.abs(Number(startTime) - start)).toBeLessThanOrEqual(2_000);
    expect(Math.abs(Number(endTime) - Number(startTime) - (duration as number))).toBeLessThanOrEqual(2);
  });

  everywhere("parentId is the id of the nearest operation above (PAR-CAN-22)", async () => {
    const outer = new Cancellable({ id: "outer" });
    await outer.run(() =>
      new Cancellable().run(async (op) => {
        expect(op.context.parentId).toBe("outer");
        await op.shield((inner) => {
          expect(inner.context).toMatchObject({ status: "shielded", parentId: op.id });
        });
      }),
    );
    expect(outer.context.parentId).toBeUndefined();
  });

  everywhere("partialResult is the value that the user assigned", async () => {
    const op = new Cancellable();
    await op.settle(async () => {
      op.context.partialResult = { rows: 3 };
      op.addSource(new TimeoutSource(5));
      await sleepForever();
    });
    expect(op.context.partialResult).toEqual({ rows: 3 });
  });

  everywhere("the context is one live object", async () => {
    const op = new Cancellable();
    const { context } = op;
    await op.run(() => op.reportProgress("half"));
    expect(op.context).toBe(context);
    expect([context.status, context.progress]).toEqual(["completed", "half"]);
  });
});

describeEverywhere("an operation's context: toJSON", (everywhere) => {
  everywhere("the snapshot is plain data that does not change", async () => {
    const op = new Cancellable({ id: "id-1", name: "work", metadata: { user: 7 } });
    await op.run(async () => {
      op.reportProgress({ current: 1 });
      const snapshot = op.context.toJSON();
      op.context.metadata.user = 8;
      op.reportProgress("later");
      expect(snapshot).toMatchObject({
        status: "running",
        metadata: { user: 7 },
        progress: { current: 1 },
        endTime: undefined,
      });
    });
    const parsed = JSON.parse(JSON.stringify(op.context)) as Record<string, unknown>;
    expect(parsed).toMatchObject({
      id: "id-1",
      name: "work",
      status: "completed",
      cancelRequested: false,
      metadata: { user: 8 },
      progress: "later",
    });
    expect(parsed.startTime).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(parsed.endTime).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(parsed.duration).toBeTypeOf("number");
    const snapshot = op.context.toJSON();
    expect(structuredClone(snapshot)).toEqual(snapshot);
  });

  everywhere("the snapshot of an operation that has not started has no times", () => {
    expect(new Cancellable({ id: "new" }).context.toJSON()).toEqual({
      id: "new",
      name: undefined,
      status: "pending",
      startTime: undefined,
      endTime: undefined,
      duration: undefined,
      cancelRequested: false,
      cancelReason: undefined,
      cancelMessage: undefined,
      error: undefined,
      metadata: {},
      parentId: undefined,
      progress: undefined,
    });
  });

  everywhere("the snapshot of a cancelled operation has the reason and the source", async () => {
    const op = Cancellable.withTimeout(5);
    await op.settle(() => sleepForever());
    expect(op.context.toJSON()).toMatchObject({
      status: "cancelled",
      cancelRequested: true,
      cancelReason: "timeout",
      metadata: { cancelledBy: "timeout" },
    });
  });
});

describeEverywhere("the times of an operation", (everywhere) => {
  everywhere("times that were read once do not move with the wall clock", async (t) => {
    const op = new Cancellable();
    await op.run(() => sleep(10));
    const { startTime, endTime, duration } = op.context;
    const clock = Date.now;
    // The wall clock is set while the program runs.
    const now = vi.spyOn(Date, "now").mockImplementation(() => clock() + 3_600_000);
    try {
      t.block(5);
      expect(op.context.startTime?.getTime()).toBe(startTime?.getTime());
      expect(op.context.endTime?.getTime()).toBe(endTime?.getTime());
      expect(op.context.duration).toBe(duration);
      expect(op.context.toJSON().endTime).toBe(endTime?.toISOString());
    } finally {
      now.mockRestore();
    }
    expect(duration).toBeGreaterThanOrEqual(10);
  });
});

test("in virtual time beyond the last date an operation ends, and its times are the last date", async () => {
  const register = new OperationRegistry();
  await run(() => new Cancellable({ name: "far", register }).run(() => sleep(9e15)), {
    backend: new VirtualBackend(),
  });
  expect(register.size).toBe(0);
  expect(register.history()).toMatchObject([{ name: "far", endTime: "+275760-09-13T00:00:00.000Z" }]);
});
