import {
  type Cancellable,
  type CancellationError,
  currentOperation,
  currentScope,
  currentSignal,
  OperationRegistry,
  setReporter,
  sleep,
  sleepForever,
} from "@hother/cancelable";
import type { JobWithMetadata, PgBoss } from "pg-boss";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type CancellableWorkOptions, cancellableWork } from "../../src/pg-boss/index.ts";
import { startPostgres } from "../servers/postgres.ts";

const server = await startPostgres();
afterAll(() => server?.stop());

const patience = { timeout: 15_000, interval: 50 };
const fast = { interval: 50, pollingIntervalSeconds: 0.5 };
const operation = (): Cancellable => currentOperation() as Cancellable; // of the job

/** A body that waits, and what has become of it. */
function waiting() {
  const runs: { operation: Cancellable; ended?: CancellationError }[] = [];
  return {
    runs,
    handler: async (): Promise<void> => {
      const run: (typeof runs)[number] = { operation: operation() };
      runs.push(run);
      try {
        await sleepForever();
      } catch (error) {
        run.ended = error as CancellationError; // nothing else ends it
        throw error;
      }
    },
  };
}

describe.skipIf(server === undefined)("a job of pg-boss", () => {
  let boss: PgBoss;
  let queues = 0;
  const newBoss = async (): Promise<PgBoss> => {
    const { PgBoss: Boss } = await import("pg-boss");
    const started = new Boss({ connectionString: server?.connectionString ?? "", max: 4, supervise: false });
    started.on("error", () => {});
    return started.start();
  };
  const newQueue = async (): Promise<string> => {
    const name = `queue-${++queues}`;
    await boss.createQueue(name, { retryLimit: 3, retryDelay: 0 });
    return name;
  };
  const stateOf = async (queue: string, id: string): Promise<JobWithMetadata> =>
    (await boss.getJobById(queue, id)) as JobWithMetadata;
  const send = async (queue: string, options = {}): Promise<string> =>
    (await boss.send(queue, { page: 1 }, options)) as string;

  beforeAll(async () => {
    boss = await newBoss();
  });
  afterAll(async () => {
    await boss.stop({ graceful: false });
  });

  test("is an operation, and completes with its value", async () => {
    const queue = await newQueue();
    const id = await send(queue, { expireInSeconds: 100 });
    const seen: unknown[] = [];
    await cancellableWork<{ page: number }>(boss, queue, fast, async (job) => {
      const { context, parent } = operation();
      seen.push({ name: context.name, parent, ...context.metadata, page: job.data.page });
      seen.push(job.signal === currentSignal(), currentScope().deadline - performance.now() <= 100_000);
      return { pages: 3 };
    });
    await expect.poll(async () => (await stateOf(queue, id)).state, patience).toBe("completed");
    expect(seen).toEqual([
      { name: queue, parent: undefined, queue, jobId: id, attempt: 1, page: 1 },
      true,
      true,
    ]);
    expect((await stateOf(queue, id)).output).toEqual({ pages: 3 });
    await boss.offWork(queue);
  });

  test("that is cancelled by another process hears it, and is not retried (JOB-06)", async () => {
    const queue = await newQueue();
    const other = await newBoss();
    const { runs, handler } = waiting();
    await cancellableWork(boss, queue, fast, handler);
    const id = await send(queue);
    await expect.poll(() => runs.length, patience).toBe(1);
    await other.cancel(queue, id);
    await expect.poll(() => runs[0]?.operation.hasEnded, patience).toBe(true);
    expect(runs[0]?.ended).toMatchObject({ reason: "manual", message: "the job has been cancelled" });
    // The worker is free, and takes the next job rather than this one.
    const next = await send(queue);
    await expect.poll(() => runs.length, patience).toBe(2);
    expect(runs[1]?.operation.context.metadata.jobId).toBe(next);
    expect((await stateOf(queue, id)).state).toBe("cancelled");
    await other.deleteJob(queue, next);
    await expect.poll(() => runs[1]?.ended?.message, patience).toBe("the job has been deleted");
    await other.stop({ graceful: false });
    await boss.offWork(queue);
  });

  test("that was cancelled is not retried if its handler fails with another error", async () => {
    const queue = await newQueue();
    let runs = 0;
    await cancellableWork(boss, queue, fast, async (job) => {
      runs += 1;
      await boss.cancel(queue, job.id);
      await sleepForever().catch(() => {});
      throw new Error("the clean-up has failed");
    });
    const id = await send(queue);
    await expect.poll(() => runs, patience).toBe(1);
    await boss.offWork(queue, { wait: true });
    expect((await stateOf(queue, id)).state).toBe("cancelled");
    expect(runs).toBe(1);
  });

  test("that this process cancels ends as cancelled", async () => {
    const queue = await newQueue();
    const registry = new OperationRegistry();
    const { runs, handler } = waiting();
    await cancellableWork(boss, queue, { ...fast, register: registry }, handler);
    const id = await send(queue);
    await expect.poll(() => runs.length, patience).toBe(1);
    for (const { id: running } of registry.list()) registry.cancel(running, "quota", "enough for today");
    await expect.poll(async () => (await stateOf(queue, id)).state, patience).toBe("cancelled");
    expect(runs[0]?.ended).toMatchObject({ reason: "quota", message: "enough for today" });
    await boss.offWork(queue);
  });

  test("that fails is retried, and each job of a batch is settled alone", async () => {
    const queue = await newQueue();
    const ids = [await send(queue, { priority: 1 }), await send(queue)];
    const runs: (string | undefined)[] = [];
    await cancellableWork(boss, queue, { ...fast, batchSize: 2, includeMetadata: true }, async (job) => {
      runs.push(`${ids.indexOf(job.id)}/${job.retryCount}`);
      if (job.priority === 1 && job.retryCount === 0) throw new RangeError("the printer is busy");
    });
    for (const id of ids)
      await expect.poll(async () => (await stateOf(queue, id)).state, patience).toBe("completed");
    expect(runs.sort()).toEqual(["0/0", "0/1", "1/0"]);
    await boss.offWork(queue);
  });

  test("hears its cancellation after a look at its state has failed, which is reported", async () => {
    const reported: unknown[] = [];
    const previous = setReporter((error) => reported.push(error));
    const failure = new Error("the connection has broken");
    const look = vi.spyOn(boss, "getJobById").mockRejectedValueOnce(failure);
    const queue = await newQueue();
    const { runs, handler } = waiting();
    const id = await send(queue);
    await cancellableWork(boss, queue, fast, handler);
    await expect.poll(() => reported, patience).toEqual([failure]);
    await boss.cancel(queue, id);
    await expect.poll(() => runs[0]?.ended?.reason, patience).toBe("manual");
    await boss.offWork(queue, { wait: true });
    look.mockClear();
    await sleep(150); // some intervals
    expect(look).not.toHaveBeenCalled();
    look.mockRestore();
    setReporter(previous);
  });

  test("that expires ends with the reason timeout, and is retried as pg-boss is told", async () => {
    const queue = await newQueue();
    const { runs, handler } = waiting();
    const id = await send(queue, { expireInSeconds: 1, retryLimit: 0 });
    await cancellableWork(boss, queue, fast, handler);
    await expect.poll(() => runs[0]?.ended?.reason, patience).toBe("timeout");
    await expect.poll(async () => (await stateOf(queue, id)).state, patience).toBe("failed");
    await boss.offWork(queue);
  });

  test("that another worker has got meanwhile ends with the reason stalled, and is left alone", async () => {
    const queue = await newQueue();
    const { runs, handler } = waiting();
    await cancellableWork(boss, queue, fast, handler);
    const id = await send(queue);
    await expect.poll(() => runs.length, patience).toBe(1);
    // As if a supervisor had taken it for dead.
    await boss.fail(queue, id, { message: "lost" });
    await expect.poll(() => runs[0]?.ended?.reason, patience).toBe("stalled");
    await expect.poll(() => runs.length, patience).toBe(2);
    expect(runs[1]?.operation.context.metadata).toMatchObject({ jobId: id, attempt: 2 });
    await boss.cancel(queue, id);
    await expect.poll(() => runs[1]?.ended?.reason, patience).toBe("manual");
    await boss.offWork(queue);
  });

  test("that stop() interrupts ends with the reason shutdown, and waits again (JOB-05)", async () => {
    const queue = await newQueue();
    const own = await newBoss();
    const { runs, handler } = waiting();
    await cancellableWork(own, queue, { ...fast, interval: 60_000 }, handler);
    const id = await send(queue);
    await expect.poll(() => runs.length, patience).toBe(1);
    await own.stop({ timeout: 1_000 });
    await expect.poll(() => runs[0]?.ended?.reason, patience).toBe("shutdown");
    expect((await stateOf(queue, id)).state).toBe("retry");
    // Another worker takes it.
    await cancellableWork(boss, queue, fast, async () => {});
    await expect.poll(async () => (await stateOf(queue, id)).state, patience).toBe("completed");
    await boss.offWork(queue);
  });

  test("wrong arguments are refused", async () => {
    const work = (
      options: unknown,
      handler: unknown = async () => {},
      from: unknown = boss,
      name: unknown = "a",
    ) =>
      cancellableWork(
        from as PgBoss,
        name as string,
        options as CancellableWorkOptions,
        handler as () => Promise<void>,
      );
    await expect(work({}, async () => {}, {})).rejects.toThrow(/boss/);
    await expect(work({}, async () => {}, boss, "")).rejects.toThrow(/queue/);
    await expect(work({}, "mail")).rejects.toThrow(/handler/);
    await expect(work(undefined)).rejects.toThrow(/options/);
    await expect(work({ interval: 0 })).rejects.toThrow(/options\.interval/);
    await expect(work({ transactional: true })).rejects.toThrow(/options\.transactional/);
    await expect(work({ register: "yes" })).rejects.toThrow(/options\.register/);
  });
});
