import {
  type Cancellable,
  type CancellationError,
  currentOperation,
  currentSignal,
  setReporter,
  sleep,
  sleepForever,
} from "@hother/cancelable";
import type { Runner, TaskList, WorkerUtils } from "graphile-worker";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { cancelJob, cancellableTask } from "../../src/graphile-worker/index.ts";
import { startPostgres } from "../servers/postgres.ts";

const server = await startPostgres();
afterAll(() => server?.stop());

const patience = { timeout: 15_000, interval: 50 };
const options = { interval: 50 };
const operation = (): Cancellable => currentOperation() as Cancellable; // of the job

/** A task that waits, and what has become of it. */
function waiting(fail = (error: unknown): unknown => error) {
  const runs: { operation: Cancellable; ended?: CancellationError }[] = [];
  const task = cancellableTask(async () => {
    const run: (typeof runs)[number] = { operation: operation() };
    runs.push(run);
    try {
      await sleepForever();
    } catch (error) {
      run.ended = error as CancellationError; // nothing else ends it
      throw fail(error);
    }
  }, options);
  return { runs, task };
}

describe.skipIf(server === undefined)("a job of graphile-worker", () => {
  const connectionString = server?.connectionString ?? "";
  let library: typeof import("graphile-worker");
  let utils: WorkerUtils;
  let silent: import("graphile-worker").Logger;
  const runners: Runner[] = [];
  const start = async (taskList: TaskList, abortAfter = 50): Promise<Runner> => {
    const runner = await library.run({
      connectionString,
      taskList,
      logger: silent,
      noHandleSignals: true,
      pollInterval: 100,
      preset: { worker: { gracefulShutdownAbortTimeout: abortAfter } },
    });
    runners.push(runner);
    return runner;
  };
  const rowOf = async (id: string): Promise<Record<string, unknown> | undefined> => {
    const text =
      "select attempts, max_attempts, last_error, locked_by from graphile_worker.jobs where id = $1";
    return utils.withPgClient(async (client) => (await client.query(text, [id])).rows[0]);
  };

  beforeAll(async () => {
    library = await import("graphile-worker");
    silent = new library.Logger(() => () => {});
    utils = await library.makeWorkerUtils({ connectionString, logger: silent });
    await utils.migrate();
  });
  afterEach(async () => {
    for (const runner of runners.splice(0)) await runner.stop().catch(() => {}); // it can have been stopped
  });
  afterAll(() => utils.release());

  test("is an operation", async () => {
    const seen: unknown[] = [];
    const task = cancellableTask<{ page: number }>(async ({ page }, { abortSignal, job }) => {
      const { context, parent } = operation();
      seen.push({ page, name: context.name, parent, ...context.metadata, id: job.id });
      seen.push(abortSignal === currentSignal());
    });
    await start({ print: task });
    const { id } = await utils.addJob("print", { page: 1 });
    await expect.poll(() => rowOf(id), patience).toBeUndefined();
    expect(seen).toEqual([{ page: 1, name: "print", parent: undefined, jobId: id, attempt: 1, id }, true]);
  });

  test.each([
    ["with its cancellation", undefined],
    ["with another error", (): unknown => new Error("the clean-up has failed")],
  ])(
    "that is cancelled by another process hears it, and is not retried: it ends %s (JOB-06)",
    async (_name, fail) => {
      const { runs, task } = waiting(fail);
      await start({ print: task });
      const { id } = await utils.addJob("print", {}, { maxAttempts: 3 });
      await expect.poll(() => runs.length, patience).toBe(1);
      expect(await cancelJob(utils, id, { message: "enough for today" })).toEqual({
        status: "ended",
        end: "cancelled",
      });
      expect(runs[0]?.ended).toMatchObject({ reason: "manual", message: "enough for today" });
      const message = fail === undefined ? "enough for today" : "the clean-up has failed";
      expect(await rowOf(id)).toMatchObject({
        attempts: 3,
        max_attempts: 3,
        last_error: message,
        locked_by: null,
      });
      expect(await cancelJob(utils, id)).toEqual({ status: "failed" });
    },
  );

  test("that this process cancels is not retried", async () => {
    const { runs, task } = waiting();
    await start({ print: task });
    const { id } = await utils.addJob("print", {}, { maxAttempts: 3 });
    await expect.poll(() => runs.length, patience).toBe(1);
    runs[0]?.operation.cancel("quota", "no quota left");
    await expect
      .poll(() => rowOf(id), patience)
      .toMatchObject({ locked_by: null, last_error: "no quota left" });
    expect(await rowOf(id)).toMatchObject({ attempts: 3 });
  });

  test("that waits does not start any more, and an unknown one is missing", async () => {
    const { id } = await utils.addJob("print", {});
    expect(await cancelJob(utils, id)).toEqual({ status: "not-started" });
    expect(await rowOf(id)).toMatchObject({ attempts: 25, last_error: "the job has been cancelled" });
    expect(await cancelJob(utils, "4711")).toEqual({ status: "missing" });
  });

  test("that was cancelled before runs to its end if it is scheduled again", async () => {
    const { id } = await utils.addJob("print", {});
    expect(await cancelJob(utils, id)).toEqual({ status: "not-started" });
    await utils.rescheduleJobs([id], { attempts: 24 }); // one attempt is left
    const ends: unknown[] = [];
    const task = cancellableTask(async () => {
      await sleep(300); // some looks at the row
      ends.push("completed");
    }, options);
    await start({ print: task });
    await expect.poll(() => rowOf(id), patience).toBeUndefined();
    expect(ends).toEqual(["completed"]);
  });

  test("hears its cancellation after a look at its row has failed, which is reported", async () => {
    const reported: unknown[] = [];
    const previous = setReporter((error) => reported.push(error));
    const failure = new Error("the connection has broken");
    let fails = 1;
    const runs: unknown[] = [];
    const task = cancellableTask(async () => {
      runs.push("started");
      await sleepForever();
    }, options);
    await start({
      print: (payload, helpers) =>
        task(payload, {
          ...helpers,
          withPgClient: ((body: never) =>
            fails-- > 0
              ? Promise.reject(failure)
              : helpers.withPgClient(body)) as typeof helpers.withPgClient,
        }),
    });
    const { id } = await utils.addJob("print", {});
    await expect.poll(() => reported, patience).toEqual([failure]);
    expect(await cancelJob(utils, id)).toEqual({ status: "ended", end: "cancelled" });
    setReporter(previous);
  });

  test("that swallows its cancellation has completed", async () => {
    const task = cancellableTask(() => sleepForever().catch(() => {}), options);
    await start({ print: task });
    const { id } = await utils.addJob("print", {});
    await expect.poll(async () => (await rowOf(id))?.locked_by, patience).toEqual(expect.any(String));
    expect(await cancelJob(utils, id)).toEqual({ status: "ended", end: "completed" });
  });

  test("that does not end in time is unanswered", async () => {
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    await start({ print: cancellableTask(() => ended, options) });
    const { id } = await utils.addJob("print", {});
    await expect.poll(async () => (await rowOf(id))?.locked_by, patience).toEqual(expect.any(String));
    expect(await cancelJob(utils, id, { timeout: 300 })).toEqual({ status: "unanswered" });
    end();
    await expect.poll(() => rowOf(id), patience).toBeUndefined();
  });

  test("that the shutdown of its worker interrupts waits again, with its attempt (JOB-05)", async () => {
    const { runs, task } = waiting();
    const runner = await start({ print: task });
    const { id } = await utils.addJob("print", {}, { maxAttempts: 1, queueName: "serial" });
    await expect.poll(() => runs.length, patience).toBe(1);
    await runner.stop();
    expect(runs[0]?.ended?.reason).toBe("shutdown");
    await expect
      .poll(() => rowOf(id), patience)
      .toMatchObject({ attempts: 0, max_attempts: 1, locked_by: null });
    // Another worker takes it at once.
    let calls = 0;
    await start({ print: () => void calls++ });
    await expect.poll(() => rowOf(id), patience).toBeUndefined();
    expect(calls).toBe(1);
  });

  test("that has lost its lock ends with the reason stalled", async () => {
    const { runs, task } = waiting();
    await start({ print: task });
    const { id } = await utils.addJob("print", {}, { runAt: new Date(0) });
    await expect.poll(() => runs.length, patience).toBe(1);
    const text = "update graphile_worker._private_jobs set locked_by = 'another' where id = $1";
    await utils.withPgClient((client) => client.query(text, [id]));
    await expect.poll(() => runs[0]?.ended?.reason, patience).toBe("stalled");
    expect(await rowOf(id)).toMatchObject({ locked_by: "another", attempts: 1 });
  });

  test("wrong arguments are refused", async () => {
    expect(() => cancellableTask("print" as never)).toThrow(/task/);
    expect(() => cancellableTask(() => {}, { interval: 0 })).toThrow(/options\.interval/);
    expect(() => cancellableTask(() => {}, { every: 5 } as never)).toThrow(/every/);
    expect(() => cancellableTask(() => {}, { register: "yes" as never })).toThrow(/options\.register/);
    await expect(cancelJob({} as never, "1")).rejects.toThrow(/utils/);
    await expect(cancelJob(utils, "first")).rejects.toThrow(/jobId/);
  });
});
