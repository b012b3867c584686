import { expect } from "vitest";
import { Cancellable, sleep, sleepForever } from "../../src/index.ts";
import { AssertionError, OperationRecorder, VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("OperationRecorder", (everywhere) => {
  everywhere("events are stored by id and type, each with its time (PAR-TST-03)", async (t) => {
    const recorder = new OperationRecorder();
    const start = t.backend.now();
    const ops = ["first", "second"].map((id) => new Cancellable({ id, name: `the ${id}` }));
    for (const op of ops) {
      recorder.attach(op);
      await op.run(async () => {
        await sleep(5);
        op.reportProgress("half way", { item: 1 });
        await sleep(5);
      });
    }
    expect(recorder.events().map(({ id, type }) => `${id} ${type}`)).toEqual([
      "first start",
      "first progress",
      "first complete",
      "second start",
      "second progress",
      "second complete",
    ]);
    expect(recorder.events({ id: "first" })).toHaveLength(3);
    expect(recorder.events({ type: "progress" }).map((event) => event.data)).toEqual(
      ops.map(() => ({ progress: "half way", message: "half way", metadata: { item: 1 } })),
    );
    expect(recorder.events({ id: "second", type: "start" })[0]?.data).toEqual({ name: "the second" });
    expect(recorder.events({ id: "third" })).toEqual([]);
    const times = recorder.events().map((event) => event.time - start);
    if (t.backend instanceof VirtualBackend) expect(times).toEqual([0, 5, 10, 10, 15, 20]);
    else expect(times).toEqual([...times].sort((a, b) => a - b));
    recorder.clear();
    expect(recorder.events()).toEqual([]);
  });

  everywhere("a failure is recorded even if the thrown value is no error", async () => {
    const recorder = new OperationRecorder();
    for (const thrown of ["text", { code: 5 }]) {
      const op = new Cancellable();
      recorder.attach(op);
      await op.settle(() => Promise.reject(thrown));
    }
    expect(recorder.events({ type: "error" }).map(({ data }) => data)).toEqual([
      { type: "string", message: "text", error: "text" },
      { type: "object", message: '{"code":5}', error: { code: 5 } },
    ]);
  });

  everywhere("assertFinalStatus names the actual status, and the reason if it is known", async () => {
    const recorder = new OperationRecorder();
    const [pending, cancelled, failed] = [1, 2, 3].map((n) => new Cancellable({ name: `op ${n}` }));
    for (const op of [pending, cancelled, failed]) recorder.attach(op as Cancellable);
    cancelled?.cancel("shutdown", "deploying");
    await cancelled?.settle(() => {});
    await failed?.settle(() => Promise.reject(new Error("broken")));
    const told = [pending, cancelled, failed].map(async (op) =>
      recorder.assertFinalStatus(op as Cancellable, "completed"),
    );
    expect(await Promise.all(told.map(rejection))).toMatchObject([
      { message: 'Expected operation "op 1" to be completed, but it is pending' },
      { message: 'Expected operation "op 2" to be completed, but it is cancelled: deploying' },
      { message: 'Expected operation "op 3" to be completed, but it is failed: broken' },
    ]);
  });

  everywhere(
    "assertEvent returns the latest event, and on a miss lists the recorded ones (PAR-TST-03)",
    async () => {
      const recorder = new OperationRecorder();
      recorder.record("a", "progress", { progress: "1", message: "1", metadata: undefined });
      recorder.record("a", "progress", { progress: "2", message: "2", metadata: undefined });
      recorder.record("b", "progress", { progress: "3", message: "3", metadata: undefined });
      expect(recorder.assertEvent("progress").data.message).toBe("3");
      expect(recorder.assertEvent("progress", { id: "a" }).data.message).toBe("2");
      expect(recorder.assertEvent("progress", { matching: (event) => event.data.message === "1" }).id).toBe(
        "a",
      );
      expect(() => recorder.assertEvent("cancel", { id: "a" })).toThrow(
        new AssertionError(
          'Expected a "cancel" event of operation a; recorded: progress of a, progress of a, progress of b',
        ),
      );
      expect(() => recorder.assertEvent("progress", { matching: () => false })).toThrow(
        '"progress" event that matches',
      );
      expect(() => new OperationRecorder().assertEvent("start")).toThrow("recorded: nothing");
    },
  );

  everywhere("assertFinalStatus compares the status and gives the reason (PAR-TST-03)", async () => {
    const recorder = new OperationRecorder();
    const op = new Cancellable({ name: "import" });
    expect(() => recorder.assertFinalStatus(op, "completed")).toThrow("it was never attached");
    recorder.attach(op);
    await op.settle(() => Promise.reject(new Error("no such file")));
    recorder.assertFinalStatus(op, "failed");
    recorder.assertFinalStatus(op.id, "failed");
    expect(() => recorder.assertFinalStatus(op, "completed")).toThrow(
      expect.objectContaining({
        name: "AssertionError",
        message: 'Expected operation "import" to be completed, but it is failed: no such file',
        actual: "failed",
        expected: "completed",
      }),
    );
  });

  everywhere(
    "attach records progress, cancellation and error with type and message (PAR-TST-04)",
    async () => {
      const recorder = new OperationRecorder();
      const failing = new Cancellable();
      const cancelled = Cancellable.withTimeout(5);
      for (const op of [failing, cancelled]) recorder.attach(op);
      const error = new RangeError("too far");
      await failing.settle((op) => {
        op.reportProgress({ current: 1, total: 2, message: "one of two" });
        throw error;
      });
      await cancelled.settle(() => sleepForever());
      expect(recorder.assertEvent("progress").data).toMatchObject({
        message: "one of two",
        progress: { current: 1, total: 2 },
      });
      expect(recorder.assertEvent("error", { id: failing.id }).data).toEqual({
        type: "RangeError",
        message: "too far",
        error,
      });
      expect(recorder.assertEvent("cancel", { id: cancelled.id }).data).toEqual({
        reason: "timeout",
        message: "Operation timed out after 5 ms",
      });
      expect(recorder.events({ type: "complete" })).toEqual([]);
      const odd = new Cancellable();
      recorder.attach(odd);
      await odd.settle(() => Promise.reject("a text"));
      expect(recorder.assertEvent("error").data).toMatchObject({ type: "string", message: "a text" });
    },
  );

  everywhere("a report of an inner operation is recorded once, with its id", async () => {
    const recorder = new OperationRecorder();
    const parent = new Cancellable({ id: "parent" });
    recorder.attach(parent);
    recorder.attach(parent);
    await parent.run(async () => {
      const attached = new Cancellable({ id: "attached" });
      recorder.attach(attached);
      await attached.run((op) => op.reportProgress("1"));
      await new Cancellable({ id: "other" }).run((op) => op.reportProgress("2"));
    });
    expect(recorder.events().map(({ id, type }) => `${id} ${type}`)).toEqual([
      "parent start",
      "attached start",
      "attached progress",
      "attached complete",
      "other progress",
      "parent complete",
    ]);
  });

  everywhere("the recording can begin while an operation runs, and can be ended", async (t) => {
    const recorder = new OperationRecorder();
    const start = t.backend.now();
    await new Cancellable().run(async (op) => {
      await sleep(5);
      const recording = recorder.attach(op);
      await sleep(5);
      op.reportProgress("seen");
      recording[Symbol.dispose]();
      op.reportProgress("not seen");
    });
    expect(recorder.events().map((event) => event.type)).toEqual(["progress"]);
    const time = recorder.assertEvent("progress").time - start;
    if (t.backend instanceof VirtualBackend) expect(time).toBe(10);
    else expect(time).toBeGreaterThanOrEqual(10);
  });

  everywhere("progress before the start is recorded at the time of the report", async (t) => {
    const recorder = new OperationRecorder();
    const op = new Cancellable();
    recorder.attach(op);
    const before = t.backend.now();
    op.reportProgress("early");
    const { time } = recorder.assertEvent("progress");
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(t.backend.now());
  });

  everywhere("wrong arguments are refused, and the recorded events are frozen", async () => {
    const recorder = new OperationRecorder();
    expect(() => recorder.attach({} as never)).toThrow(TypeError);
    expect(() => recorder.events("start" as never)).toThrow(TypeError);
    expect(() => recorder.events({ id: 5 as never })).toThrow(TypeError);
    expect(() => recorder.events({ matching: true as never })).toThrow(TypeError);
    expect(
      await rejection(Promise.resolve().then(() => recorder.record(5 as never, "start", { name: "" }))),
    ).toBeInstanceOf(TypeError);
    recorder.record("a", "start", { name: undefined });
    expect(Object.isFrozen(recorder.events()[0])).toBe(true);
  });
});
