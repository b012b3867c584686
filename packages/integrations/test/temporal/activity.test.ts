import {
  type Cancellable,
  currentOperation,
  currentScope,
  currentSignal,
  isCancellation,
  OperationRegistry,
  sleep,
  sleepForever,
} from "@hother/cancelable";
import {
  ApplicationFailure,
  CancelledFailure,
  CompleteAsyncError,
  Context,
  heartbeat,
  type Info,
} from "@temporalio/activity";
import { ActivityCancellationDetails } from "@temporalio/common";
import { MockActivityEnvironment } from "@temporalio/testing";
import { describe, expect, test } from "vitest";
import { cancellableActivity, lastHeartbeat } from "../../src/temporal/index.ts";

const quiet = {
  log: () => {},
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};
const environmentOf = (info: Partial<Info> = {}): MockActivityEnvironment =>
  new MockActivityEnvironment({ startToCloseTimeoutMs: 60_000, ...info }, { logger: quiet });
const operation = (): Cancellable => currentOperation() as Cancellable; // of the activity
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => expect.unreachable(`completed with ${String(value)}`),
    (error: unknown) => error,
  );

describe("an activity", () => {
  test("is an operation below nothing, in the context of Temporal", async () => {
    const environment = environmentOf({ activityType: "resize", activityId: "7", attempt: 3 });
    const resize = cancellableActivity(
      async (width: number, name: string) => {
        const { context, parent } = operation();
        return {
          width,
          name,
          parent,
          of: context.name,
          metadata: { ...context.metadata },
          info: Context.current().info,
        };
      },
      { metadata: { tenant: "a" } },
    );
    const result = await environment.run<[number, string], Awaited<ReturnType<typeof resize>>, typeof resize>(
      resize,
      20,
      "cat",
    );
    expect(result).toMatchObject({ width: 20, name: "cat", parent: undefined, of: "resize" });
    expect(result.metadata).toEqual({ activityId: "7", workflowId: "test", attempt: 3, tenant: "a" });
    expect(result.info).toBe(environment.context.info);
  });

  test("ends as CancelledFailure when the server asks for its cancellation (JOB-07)", async () => {
    const environment = environmentOf();
    let seen: Cancellable | undefined;
    const steps: string[] = [];
    const activity = cancellableActivity(async () => {
      seen = operation();
      environment.cancel("CANCELLED", new ActivityCancellationDetails({ cancelRequested: true }));
      try {
        await sleepForever();
      } finally {
        steps.push("clean-up");
      }
    });
    const error = await failure(environment.run(activity));
    expect(error).toBeInstanceOf(CancelledFailure);
    expect(error).toBe(environment.context.cancellationSignal.reason);
    expect(steps).toEqual(["clean-up"]);
    expect(seen?.context).toMatchObject({
      status: "cancelled",
      cancelReason: "manual",
      cancelMessage: "CANCELLED",
    });
    expect(seen?.error?.cause).toBe(error);
  });

  test("fails with a retryable failure when its worker shuts down, which is no cancellation (JOB-07, JOB-05)", async () => {
    for (const details of [undefined, new ActivityCancellationDetails({ workerShutdown: true })]) {
      for (const wait of [sleepForever, () => Context.current().sleep(60_000)]) {
        const environment = environmentOf();
        let seen: Cancellable | undefined;
        const activity = cancellableActivity(async () => {
          seen = operation();
          environment.cancel("WORKER_SHUTDOWN", details);
          await wait();
        });
        const error = await failure(environment.run(activity));
        expect(error).toBeInstanceOf(ApplicationFailure);
        expect(error).not.toBeInstanceOf(CancelledFailure);
        // With the name AbortError Temporal takes every error for a cancellation.
        expect(error).toMatchObject({
          type: "WorkerShutdown",
          nonRetryable: false,
          name: "ApplicationFailure",
        });
        expect((error as Error).cause).toBe(seen?.error);
        expect(seen?.context).toMatchObject({ status: "cancelled", cancelReason: "shutdown" });
      }
    }
  });

  test.each([
    ["TIMED_OUT", "timeout"],
    ["NOT_FOUND", "not-found"],
    ["PAUSED", "paused"],
    ["RESET", "reset"],
  ] as const)("keeps the reason of Temporal: %s is %s", async (text, reason) => {
    const environment = environmentOf();
    let seen: Cancellable | undefined;
    const activity = cancellableActivity(async () => {
      seen = operation();
      environment.cancel(text);
      await sleepForever();
    });
    expect(await failure(environment.run(activity))).toBe(environment.context.cancellationSignal.reason);
    expect(seen?.error).toMatchObject({ reason, message: text });
  });

  test("is cancelled if it waits in the way of Temporal", async () => {
    const environment = environmentOf();
    let seen: Cancellable | undefined;
    const activity = cancellableActivity(async () => {
      seen = operation();
      environment.cancel("CANCELLED");
      await Context.current().cancelled;
    });
    expect(await failure(environment.run(activity))).toBeInstanceOf(CancelledFailure);
    expect(seen?.status).toBe("cancelled");
  });

  test("is cancelled before its start if the server has cancelled it before", async () => {
    const environment = environmentOf();
    environment.cancel("CANCELLED");
    let calls = 0;
    const activity = cancellableActivity(async () => void calls++);
    expect(await failure(environment.run(activity))).toBeInstanceOf(CancelledFailure);
    expect(calls).toBe(0);
  });

  test("completes if it swallows its cancellation", async () => {
    const environment = environmentOf();
    const activity = cancellableActivity(async () => {
      environment.cancel("CANCELLED");
      await sleepForever().catch(() => {});
      return "half of it";
    });
    expect(await environment.run(activity)).toBe("half of it");
  });

  test("is not retried if it fails with another error after the server has cancelled it", async () => {
    const broken = new RangeError("the clean-up has failed");
    for (const own of [broken, ApplicationFailure.retryable("the clean-up has failed", "RangeError", 1)]) {
      const environment = environmentOf();
      const activity = cancellableActivity(async () => {
        environment.cancel("CANCELLED");
        await sleepForever().catch(() => {});
        throw own;
      });
      const error = await failure(environment.run(activity));
      expect(error).toBeInstanceOf(ApplicationFailure);
      expect(error).toMatchObject({
        message: own.message,
        type: "RangeError",
        nonRetryable: true,
        cause: own,
      });
      if (own instanceof ApplicationFailure) expect(error).toMatchObject({ details: [1] });
    }
  });

  test("keeps its own errors: without a cancellation, after a shutdown, and of a limit inside", async () => {
    const broken = new RangeError("broken");
    const plain = cancellableActivity(async () => Promise.reject(broken));
    expect(await failure(environmentOf().run(plain))).toBe(broken);

    const environment = environmentOf();
    const late = cancellableActivity(async () => {
      environment.cancel("WORKER_SHUTDOWN");
      await sleepForever().catch(() => {});
      throw broken;
    });
    expect(await failure(environment.run(late))).toBe(broken);

    const completedElsewhere = cancellableActivity(async () => Promise.reject(new CompleteAsyncError()));
    expect(await failure(environmentOf().run(completedElsewhere))).toBeInstanceOf(CompleteAsyncError);

    const foreign = new CancelledFailure("of a workflow that the activity has called");
    const other = cancellableActivity(async () => Promise.reject(foreign));
    expect(await failure(environmentOf().run(other))).toBe(foreign);
  });

  test("is not retried after a cancellation by this process, except for a shutdown", async () => {
    for (const [reason, nonRetryable] of [
      ["quota", true],
      ["shutdown", false],
    ] as const) {
      const registry = new OperationRegistry();
      const activity = cancellableActivity(
        async () => {
          for (const { id } of registry.list()) registry.cancel(id, reason, "enough");
          await sleepForever();
        },
        { register: registry },
      );
      const error = await failure(environmentOf().run(activity));
      expect(error).toBeInstanceOf(ApplicationFailure);
      expect(error).toMatchObject({ message: "enough", nonRetryable });
    }
  });
});

describe("the deadline of an activity", () => {
  test("is its start-to-close timeout", async () => {
    const left = cancellableActivity(async () => currentScope().deadline - performance.now());
    const ms = await environmentOf({ startToCloseTimeoutMs: 100_000 }).run(left);
    expect(ms).toBeLessThanOrEqual(100_000);
    expect(ms).toBeGreaterThan(50_000);
  });

  test("ends it as a failure that is retried, as the server does", async () => {
    const activity = cancellableActivity(async () => sleep(60_000));
    const error = await failure(environmentOf({ startToCloseTimeoutMs: 30 }).run(activity));
    expect(error).toBeInstanceOf(ApplicationFailure);
    expect(error).toMatchObject({ type: "TimeoutError", nonRetryable: false });
    expect(isCancellation((error as Error).cause, { reason: "timeout" })).toBe(true);
  });

  test("can be earlier, and not later", async () => {
    const left = async (): Promise<number> => currentScope().deadline - performance.now();
    const early = cancellableActivity(left, { timeout: { seconds: 30 } });
    expect(await environmentOf().run(early)).toBeLessThanOrEqual(30_000);
    const late = cancellableActivity(left, { timeout: { hours: 1 } });
    expect(await environmentOf().run(late)).toBeLessThanOrEqual(60_000);
    const unlimited = cancellableActivity(left);
    expect(await environmentOf({ startToCloseTimeoutMs: 0 }).run(unlimited)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("the heartbeats of an activity", () => {
  const recorded = (environment: MockActivityEnvironment): unknown[] => {
    const sent: unknown[] = [];
    environment.on("heartbeat", (details: unknown) => sent.push(details));
    return sent;
  };

  test("carry the progress, with details that survive the next reports and the next attempt (JOB-07)", async () => {
    const first = environmentOf();
    const sent = recorded(first);
    await first.run(
      cancellableActivity(async () => {
        expect(lastHeartbeat()).toBeUndefined();
        operation().reportProgress("begins");
        operation().reportProgress({ current: 5, total: 10 }, { cursor: "e" });
        operation().reportProgress("goes on");
      }),
    );
    expect(sent).toEqual([
      { progress: "begins" },
      { progress: { current: 5, total: 10 }, details: { cursor: "e" } },
      { progress: "goes on", details: { cursor: "e" } },
    ]);

    const second = environmentOf({ attempt: 2, heartbeatDetails: sent.at(-1) });
    const sentAgain = recorded(second);
    const cursor = await second.run(
      cancellableActivity(async () => {
        const last = lastHeartbeat<{ cursor: string }>();
        expect(last?.progress).toBe("goes on");
        // If this attempt dies now, the third one still knows the cursor.
        operation().reportProgress("begins again");
        return last?.details?.cursor;
      }),
    );
    expect(cursor).toBe("e");
    expect(sentAgain).toEqual([{ progress: "begins again", details: { cursor: "e" } }]);
  });

  test("do not replace the details that the activity sends itself", async () => {
    const environment = environmentOf({ heartbeatDetails: 41 });
    const sent = recorded(environment);
    const own = environment.context.heartbeat;
    await environment.run(
      cancellableActivity(async () => {
        expect(lastHeartbeat()).toEqual({ details: 41 });
        operation().reportProgress("begins");
        heartbeat(42);
        heartbeat();
        operation().reportProgress("goes on");
      }),
    );
    expect(sent).toEqual([41, 42, undefined, 42]);
    expect(environment.context.heartbeat).toBe(own);
  });

  test("go out during the clean-up of a cancelled activity", async () => {
    const environment = environmentOf();
    const sent = recorded(environment);
    const activity = cancellableActivity(async () => {
      environment.cancel("CANCELLED");
      try {
        await sleepForever();
      } finally {
        operation().reportProgress("cleans up");
      }
    });
    expect(await failure(environment.run(activity))).toBeInstanceOf(CancelledFailure);
    expect(sent).toEqual([{ progress: "cleans up" }]);
  });
});

test("the listener of an activity is removed at its end", async () => {
  const environment = environmentOf();
  const { cancellationSignal: signal } = environment.context;
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  const seen = await environment.run(cancellableActivity(async () => [listeners, currentSignal().aborted]));
  expect(seen).toEqual([1, false]);
  expect(listeners).toBe(0);
});

test("wrong arguments are refused", async () => {
  const activity = async (): Promise<void> => {};
  expect(() => cancellableActivity("resize" as never)).toThrow(/activity/);
  expect(() => cancellableActivity(activity, { timeOut: 5 } as never)).toThrow(/timeOut/);
  expect(() => cancellableActivity(activity, { timeout: -1 })).toThrow(/options\.timeout/);
  await expect(cancellableActivity(activity)()).rejects.toThrow(/Activity context not initialized/);
});
