import { expect } from "vitest";
import { Cancellable, run, sleep, sleepForever, TimeoutSource } from "../../src/index.ts";
import { AssertionError, CancellationScenario, VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

/** Reports at 10 and at 20 ms, and goes on. */
async function twoSteps(op: Cancellable): Promise<void> {
  await sleep(10);
  op.reportProgress("step one");
  await sleep(10);
  op.reportProgress({ message: "step two", current: 2, total: 3 });
  await sleepForever();
}

describeEverywhere("CancellationScenario", (everywhere) => {
  everywhere("the steps form a chain and run alongside the operation (PAR-TST-08)", async (t) => {
    const op = new Cancellable();
    const outcome = await new CancellationScenario()
      .expectStatus("running")
      .expectProgress("two", { within: 5_000 })
      .delay({ milliseconds: 30 })
      .expectProgress((progress) => typeof progress === "object" && progress.current === 2)
      .cancel("shutdown", "deploying")
      .expectStatus("cancelled")
      .run(op, twoSteps);
    expect(outcome).toMatchObject({
      status: "cancelled",
      error: { reason: "shutdown", message: "deploying" },
    });
    t.expectElapsed(50);
  });

  everywhere("an expectation sees the reports of the body and its children as they come", async () => {
    const scenario = new CancellationScenario()
      .expectProgress("from below")
      .expectStatus("completed", { within: 9_000 });
    const op = new Cancellable();
    const outcome = await scenario.run(op, async () => {
      await new Cancellable().run((child) => child.reportProgress("from below"));
      await sleep(5);
      return "value";
    });
    expect(outcome).toEqual({ status: "completed", value: "value" });
  });

  everywhere("missing progress fails the scenario: Expected progress message (PAR-TST-08)", async () => {
    const op = new Cancellable();
    const error = await rejection(
      new CancellationScenario().expectProgress("three", { within: 40 }).run(op, async () => {
        op.reportProgress("step one");
        op.reportProgress({ message: "step two", current: 2, total: 3 });
        await sleepForever();
      }),
    );
    expect(error).toBeInstanceOf(AssertionError);
    expect(error).toMatchObject({
      message:
        'Expected a progress message that contains "three"; reported progress: "step one", ' +
        '{"message":"step two","current":2,"total":3} (step 1 of the scenario)',
    });
    expect(op.status).toBe("cancelled");
    const none = new CancellationScenario().expectProgress(() => true);
    expect(await rejection(none.run(new Cancellable(), () => sleepForever()))).toMatchObject({
      message: expect.stringContaining("progress that satisfies the predicate; reported progress: none"),
    });
  });

  everywhere("an unexpected status fails the scenario and shows both statuses (PAR-TST-08)", async () => {
    const op = new Cancellable({ name: "import" });
    const error = await rejection(
      new CancellationScenario()
        .delay(1)
        .expectStatus("completed")
        .run(op, () => sleepForever()),
    );
    expect(error).toMatchObject({
      name: "AssertionError",
      message: 'Expected status "completed", but operation "import" is "running" (step 2 of the scenario)',
      actual: "running",
      expected: "completed",
    });
    expect(op.status).toBe("cancelled");
  });

  everywhere("an error of the body comes out, unless a step expects it", async () => {
    const broken = new Error("broken");
    const fails = (): Promise<never> => Promise.reject(broken);
    expect(await rejection(new CancellationScenario().run(new Cancellable(), fails))).toBe(broken);
    const expected = new CancellationScenario().expectStatus("failed");
    expect(await expected.run(new Cancellable(), fails)).toEqual({ status: "failed", error: broken });
    const progress = new CancellationScenario().expectProgress("done", { within: 5_000 });
    expect(await rejection(progress.run(new Cancellable(), fails))).toMatchObject({
      name: "AssertionError",
      message: expect.stringContaining("; the body failed: broken"),
      cause: broken,
    });
  });

  everywhere("a cancel step on an operation that has ended fails the scenario", async () => {
    const scenario = new CancellationScenario().expectStatus("completed").cancel();
    expect(await rejection(scenario.run(new Cancellable({ name: "quick" }), () => "done"))).toMatchObject({
      message:
        'Expected to cancel operation "quick", but it has already ended with status "completed" (step 2 of the scenario)',
    });
    const twice = new CancellationScenario().cancel("shutdown").cancel("manual").expectStatus("cancelled");
    const outcome = await twice.run(new Cancellable(), () => sleepForever());
    expect(outcome).toMatchObject({ error: { reason: "shutdown" } });
    expect(await twice.run(new Cancellable(), () => sleepForever())).toMatchObject({ status: "cancelled" });
  });

  everywhere("a predicate that throws fails the scenario with its error", async () => {
    const error = new Error("broken predicate");
    const scenario = new CancellationScenario().expectProgress(
      () => {
        throw error;
      },
      { within: 5_000 },
    );
    const op = new Cancellable();
    expect(await rejection(scenario.run(op, twoSteps))).toBe(error);
    expect(op.status).toBe("cancelled");
  });

  everywhere("an operation that has started and wrong arguments are refused", async () => {
    const op = new Cancellable();
    await op.run(() => {});
    const scenario = new CancellationScenario();
    expect(await rejection(scenario.run(op, () => {}))).toMatchObject({ code: "ERR_ALREADY_STARTED" });
    expect(await rejection(scenario.run({} as never, () => {}))).toBeInstanceOf(TypeError);
    expect(await rejection(scenario.run(new Cancellable(), 5 as never))).toBeInstanceOf(TypeError);
    expect(() => scenario.delay("5" as never)).toThrow(TypeError);
    expect(() => scenario.cancel("Not A Word" as never)).toThrow(TypeError);
    expect(() => scenario.expectProgress(5 as never)).toThrow(TypeError);
    expect(() => scenario.expectStatus(5 as never)).toThrow(TypeError);
    expect(() => scenario.expectStatus("running", { within: Number.NaN })).toThrow(RangeError);
  });

  everywhere("a cancellation from outside ends the steps and the operation", async () => {
    const op = new Cancellable();
    const outer = new Cancellable();
    const body = (): Promise<never> => {
      outer.addSource(new TimeoutSource(50));
      return sleepForever();
    };
    const error = await rejection(
      outer.run(() => new CancellationScenario().delay({ hours: 1 }).run(op, body)),
    );
    expect(error).toBe(outer.error);
    expect(op.status).toBe("cancelled");
  });

  everywhere("no timer is left when the awaited event came", async (t) => {
    if (!(t.backend instanceof VirtualBackend)) return;
    const scenario = new CancellationScenario().expectProgress("one", { within: { hours: 1 } }).cancel();
    await run(() => scenario.run(new Cancellable(), twoSteps));
    expect(t.backend.timerCount).toBe(0);
    t.expectElapsed(10);
  });
});
