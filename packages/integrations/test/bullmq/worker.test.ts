import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  Cancellable,
  CancellationError,
  currentDeadline,
  currentOperation,
  failAfter,
  getBackend,
  isCancellation,
  OperationRegistry,
  sleep,
  sleepForever,
} from "@hother/cancelable";
import { DelayedError, type Job, Worker } from "bullmq";
import { afterAll, describe, expect, test } from "vitest";
import { addJob, cancelJob, cancellableProcessor, cancellableWorker } from "../../src/bullmq/index.ts";
import { startRedis } from "../servers/redis.ts";
import { removeFolder, temporaryFolder } from "../servers/server-process.ts";
import { keep, newQueue } from "./queues.ts";

const server = await startRedis();
afterAll(() => server?.stop());
const folder = temporaryFolder("bullmq");
afterAll(() => removeFolder(folder));

const idOf = (job: Job): string => job.id ?? "";

describe.skipIf(server === undefined)("a job is an operation", () => {
  test("with its name, its metadata, and its values and failures as before", async () => {
    const { queue, name, connection } = newQueue(server);
    const registry = new OperationRegistry();
    const seen: unknown[] = [];
    keep(
      cancellableWorker<{ fails?: boolean }, string>(
        name,
        async ({ data }) => {
          seen.push([currentOperation()?.name, { ...currentOperation()?.context.metadata }]);
          expect(registry.size).toBe(1);
          if (data.fails) throw new Error("broken");
          return "value";
        },
        { connection, register: registry, metadata: (job) => ({ tenant: job.name }) },
      ),
    );
    const good = await queue.add("good", {});
    await expect.poll(() => good.getState()).toBe("completed");
    const bad = await queue.add("bad", { fails: true }, { attempts: 2 });
    await expect.poll(() => bad.getState()).toBe("failed");
    expect((await queue.getCompleted())[0]?.returnvalue).toBe("value");
    expect((await queue.getFailed())[0]).toMatchObject({ failedReason: "broken", attemptsMade: 2 });
    expect(seen).toEqual([
      ["good", { queue: name, jobId: good.id, attempt: 1, tenant: "good" }],
      ["bad", { queue: name, jobId: bad.id, attempt: 1, tenant: "bad" }],
      ["bad", { queue: name, jobId: bad.id, attempt: 2, tenant: "bad" }],
    ]);
    expect(registry.size).toBe(0);
  });

  test("progress goes both ways, and the last one is with the job at its end", async () => {
    const { queue, name, connection } = newQueue(server);
    const told: unknown[] = [];
    const worker = keep(
      cancellableWorker(
        name,
        async (job) => {
          const op = currentOperation();
          op?.onProgress((progress) => told.push(progress));
          await job.updateProgress(25);
          await job.updateProgress({ step: 1 });
          for (let current = 0; current <= 50; current++) op?.reportProgress({ current, total: 50 });
        },
        { connection },
      ),
    );
    const updates: unknown[] = [];
    worker.on("progress", (_job, progress) => updates.push(progress));
    const job = await queue.add("steps", {});
    await expect.poll(() => job.getState()).toBe("completed");
    expect((await queue.getCompleted())[0]?.progress).toEqual({ current: 50, total: 50 });
    expect(updates.slice(0, 2)).toEqual([25, { step: 1 }]);
    expect(updates.length).toBeLessThan(10);
    expect(told[0]).toEqual({ current: 25, total: 100, unit: "%" });
    expect(told).toHaveLength(52);
  });

  test("limits: of the worker, of the job, and the deadline of the scope that adds it", async () => {
    const { queue, name, connection } = newQueue(server);
    const left = new Map<string, number>();
    keep(
      cancellableWorker(
        name,
        async (job) => {
          left.set(job.name, currentDeadline() - getBackend().now());
          await sleepForever();
        },
        { connection, timeout: 60_000, concurrency: 4 },
      ),
    );
    const own = await addJob(queue, "own", {}, { timeout: 50, attempts: 3 });
    await expect.poll(() => own.getState()).toBe("failed");
    expect((await queue.getFailed())[0]).toMatchObject({
      failedReason: expect.stringContaining("timed out after 50 ms"),
      attemptsMade: 1,
    });
    const ofScope = await failAfter(30_000, () => addJob(queue, "of-scope", {}, { deadline: "scope" }));
    await expect.poll(() => left.get("of-scope")).toBeLessThanOrEqual(30_000);
    const late = await addJob(queue, "late", {}, { deadline: new Date(Date.now() - 1) });
    await expect.poll(() => late.getState()).toBe("failed");
    const unlimited = await addJob(queue, "unlimited", {});
    await expect.poll(() => left.get("unlimited")).toBeGreaterThan(30_000);
    await cancelJob(queue, idOf(ofScope));
    await cancelJob(queue, idOf(unlimited));
    const op = new Cancellable();
    await op.settle(async () => {
      op.cancel();
      await expect(addJob(queue, "never", {})).rejects.toBe(op.error);
    });
    expect(await queue.getJobCounts("waiting", "active")).toEqual({ waiting: 0, active: 0 });
  });

  test("the cancellation of another scope is an ordinary failure, which is retried", async () => {
    const { queue, name, connection } = newQueue(server);
    let runs = 0;
    keep(
      cancellableWorker(
        name,
        async () => {
          if (++runs === 1) throw new Error("gone", { cause: new Error("elsewhere") });
          if (runs === 2) await failAfter(1, () => sleepForever());
          return runs;
        },
        { connection },
      ),
    );
    const job = await queue.add("again", {}, { attempts: 3 });
    await expect.poll(() => job.getState()).toBe("completed");
    expect(runs).toBe(3);
  });

  test("a processor that moves its job itself is left alone", async () => {
    const { queue, name, connection } = newQueue(server);
    let runs = 0;
    keep(
      cancellableWorker(
        name,
        async (job, token) => {
          if (++runs > 1) return "late";
          await job.moveToDelayed(Date.now() + 20, token);
          throw new DelayedError();
        },
        { connection },
      ),
    );
    const job = await queue.add("later", {});
    await expect.poll(() => job.getState()).toBe("completed");
    expect((await queue.getCompleted())[0]?.attemptsMade).toBe(1);
  });
});

const shapes: ReadonlyArray<readonly [string, (started: () => void) => (...args: never[]) => Promise<void>]> =
  [
    ["no parameter", (started) => async () => (started(), sleepForever())],
    ["one parameter", (started) => async (_job: Job) => (started(), sleepForever())],
    [
      "rest parameters",
      (started) =>
        async (..._args: unknown[]) => (started(), sleepForever()),
    ],
    [
      "three parameters and the signal",
      (started) => (_job: Job, _token?: string, signal?: AbortSignal) => {
        started();
        return new Promise((_resolve, reject) =>
          signal?.addEventListener("abort", () => reject(signal.reason), { once: true }),
        );
      },
    ],
    [
      "an own AbortError for the signal",
      (started) => (_job: Job, _token?: string, signal?: AbortSignal) => {
        started();
        return new Promise((_resolve, reject) =>
          signal?.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError"))),
        );
      },
    ],
  ];

describe.skipIf(server === undefined)("the shape of a processor", () => {
  test.each(shapes)("%s (JOB-03)", async (_shape, make) => {
    const { queue, name, connection } = newQueue(server);
    let runs = 0;
    const processor = make(() => runs++) as () => Promise<void>; // it looks at its arguments itself
    const worker = keep(cancellableWorker(name, processor, { connection }));
    const job = await queue.add("remote", {}, { attempts: 2 });
    await expect.poll(() => runs).toBe(1);
    expect(await cancelJob(queue, idOf(job))).toEqual({ status: "ended", end: "cancelled" });
    // BullMQ's own method, which knows the jobs of this worker only.
    const local = await queue.add("local", {}, { attempts: 2 });
    await expect.poll(() => runs).toBe(2);
    expect(worker.cancelJob(idOf(local), "by hand")).toBe(true);
    await expect.poll(() => local.getState()).toBe("failed");
    expect(runs).toBe(2);
  });

  test.each([["process"], ["thread"]])("a file in a %s of its own (JOB-03)", async (kind) => {
    const { queue, name, connection } = newQueue(server);
    const file = join(folder, `${kind}.cjs`);
    writeFileSync(
      file,
      `module.exports = async (job, token, signal) => {
        const timer = setInterval(() => {}, 1_000);
        const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
        await job.updateProgress("started");
        await aborted;
        clearInterval(timer);
        throw new Error(signal.reason);
      };`,
    );
    keep(cancellableWorker(name, file, { connection, useWorkerThreads: kind === "thread" }));
    const job = await queue.add("sandboxed", {}, { attempts: 3 });
    const progress = async (): Promise<unknown> => (await queue.getJob(idOf(job)))?.progress;
    await expect.poll(progress).toBe("started");
    expect(await cancelJob(queue, idOf(job), "quota", { message: "enough" })).toEqual({
      status: "ended",
      end: "cancelled",
    });
    expect((await queue.getFailed())[0]).toMatchObject({ failedReason: "enough", attemptsMade: 1 });
  });

  test("anything else is refused at the start (JOB-03)", () => {
    const wrong = (value: unknown): never => value as never;
    const connection = { host: "127.0.0.1" };
    expect(() => cancellableWorker("q", wrong(undefined), { connection })).toThrow("processor must be");
    expect(() => cancellableProcessor(wrong("file.js"))).toThrow("processor must be a function");
    expect(() => cancellableWorker(wrong(""), async () => {}, { connection })).toThrow("name must be");
    expect(() => cancellableWorker("q", async () => {}, wrong(undefined))).toThrow("options.connection");
    expect(() => cancellableWorker("q", async () => {}, { connection, timeout: 0 })).toThrow(
      "options.timeout",
    );
    expect(() => cancellableWorker("q", async () => {}, { connection, drain: wrong("x") })).toThrow("drain");
    const nodeRedis = { sendCommand: () => {}, isOpen: true };
    expect(() => cancellableWorker("q", async () => {}, { connection: wrong(nodeRedis) })).toThrow("ioredis");
  });
});

describe.skipIf(server === undefined)("worker.close()", () => {
  test("lets jobs finish, and gives the others back with their attempts (JOB-05)", async () => {
    const { queue, name, connection } = newQueue(server);
    const reasons: unknown[] = [];
    let runs = 0;
    const work = async (): Promise<string> => {
      if (++runs > 1) return "second run";
      try {
        await sleepForever();
      } catch (error) {
        reasons.push(error);
        throw error;
      }
      return "never";
    };
    const first = keep(cancellableWorker(name, work, { connection, drain: 50 }));
    const job = await queue.add("long", {}, { attempts: 1 });
    await expect.poll(() => runs).toBe(1);
    await first.close();
    expect(isCancellation(reasons[0], { reason: "shutdown" })).toBe(true);
    expect(await job.getState()).toBe("waiting");
    expect((await queue.getJob(idOf(job)))?.attemptsMade).toBe(0);
    keep(cancellableWorker(name, work, { connection }));
    await expect.poll(() => job.getState()).toBe("completed");
    expect((await queue.getCompleted())[0]).toMatchObject({ returnvalue: "second run", attemptsMade: 1 });
  });

  test("waits for a job that ends within the time, and does not cancel it (JOB-05)", async () => {
    const { queue, name, connection } = newQueue(server);
    let hasStarted = false;
    const worker = keep(
      cancellableWorker(
        name,
        async () => {
          hasStarted = true;
          await sleep(30);
          return "done";
        },
        { connection },
      ),
    );
    const job = await queue.add("short", {});
    await expect.poll(() => hasStarted).toBe(true);
    await worker.close();
    expect(await job.getState()).toBe("completed");
  });

  test("a job that is cancelled while its worker closes is not given back", async () => {
    const { queue, name, connection } = newQueue(server);
    let hasStarted = false;
    const worker = keep(
      cancellableWorker(
        name,
        async () => {
          hasStarted = true;
          await sleepForever();
        },
        { connection },
      ),
    );
    const job = await queue.add("both", {}, { attempts: 3 });
    await expect.poll(() => hasStarted).toBe(true);
    const closing = worker.close();
    expect(await cancelJob(queue, idOf(job))).toEqual({ status: "ended", end: "cancelled" });
    await closing;
    expect(await job.getState()).toBe("failed");
  });

  test("close(true) cancels the jobs, which another worker gets when their locks have passed", async () => {
    const { queue, name, connection } = newQueue(server);
    const ends: unknown[] = [];
    let runs = 0;
    const work = async (): Promise<void> => {
      if (++runs > 1) return;
      try {
        await sleepForever();
      } finally {
        ends.push(currentOperation()?.context.cancelReason);
      }
    };
    const settings = { connection, stalledInterval: 100, maxStalledCount: 5 };
    const first = keep(cancellableWorker(name, work, settings));
    const job = await queue.add("forced", {}, { attempts: 1 });
    await expect.poll(() => runs).toBe(1);
    await first.close(true);
    await expect.poll(() => ends).toEqual(["shutdown"]);
    await server?.ask(`DEL ${queue.qualifiedName}:${job.id}:lock`); // as its time does
    keep(cancellableWorker(name, work, settings));
    await expect.poll(() => job.getState()).toBe("completed");
    expect(runs).toBe(2);
  });

  test("a worker that has lost the lock of a job ends it with the reason stalled", async () => {
    const { queue, name, connection } = newQueue(server);
    const errors: unknown[] = [];
    let hasStarted = false;
    keep(
      cancellableWorker(
        name,
        async () => {
          hasStarted = true;
          try {
            await sleepForever();
          } catch (error) {
            errors.push(error);
            throw error;
          }
        },
        { connection, lockRenewTime: 100, stalledInterval: 60_000 },
      ),
    );
    const job = await queue.add("taken", {});
    await expect.poll(() => hasStarted).toBe(true);
    await server?.ask(`SET ${queue.qualifiedName}:${job.id}:lock another:1 PX 60000`);
    await expect.poll(() => errors.length).toBe(1);
    expect(errors[0]).toBeInstanceOf(CancellationError);
    expect(errors[0]).toMatchObject({ reason: "stalled" });
    expect(await job.getState()).toBe("active"); // it belongs to the other worker
  });
});

test.skipIf(server === undefined)("a worker of BullMQ is still what it was", () => {
  const { name, connection } = newQueue(server);
  const worker = keep(
    cancellableWorker(name, async () => {}, { connection, autorun: false, concurrency: 7 }),
  );
  expect(worker).toBeInstanceOf(Worker);
  expect(worker.concurrency).toBe(7);
});
