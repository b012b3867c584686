import {
  Cancellable,
  cancellationOf,
  currentOperation,
  isCancellation,
  sleep,
  sleepForever,
} from "@hother/cancelable";
import { type Job, Queue, UnrecoverableError, Worker } from "bullmq";
import { afterAll, describe, expect, test } from "vitest";
import {
  cancelJob,
  cancellableProcessor,
  cancellableWorker,
  cancellationOfJob,
} from "../../src/bullmq/index.ts";
import { startRedis } from "../servers/redis.ts";
import { keep, newQueue } from "./queues.ts";

const server = await startRedis();
afterAll(() => server?.stop());

const idOf = (job: Job): string => job.id ?? "";

describe.skipIf(server === undefined)("cancelJob(queue, id)", () => {
  test("ends a running job, which is not retried whatever attempts says (JOB-01, JOB-02)", async () => {
    const { queue, name, connection } = newQueue(server);
    const steps: string[] = [];
    const errors: unknown[] = [];
    const worker = keep(
      cancellableWorker(
        name,
        async () => {
          steps.push(`started ${currentOperation()?.name}`);
          try {
            await sleepForever();
          } finally {
            await currentOperation()?.shield(() => sleep(30));
            steps.push("cleaned up");
          }
        },
        { connection },
      ),
    );
    worker.on("failed", (_job, error) => errors.push(error));
    const job = await queue.add("report", {}, { attempts: 5 });
    await expect.poll(() => steps).toEqual(["started report"]);
    expect(await cancelJob(queue, idOf(job), "quota", { message: "enough for today" })).toEqual({
      status: "ended",
      end: "cancelled",
    });
    expect(steps).toEqual(["started report", "cleaned up"]);
    expect(await job.getState()).toBe("failed");
    const [failed] = await queue.getFailed();
    expect(failed).toMatchObject({ failedReason: "enough for today", attemptsMade: 1 });
    await expect.poll(() => errors).toEqual([expect.any(UnrecoverableError)]);
    expect(cancellationOf(errors[0])).toMatchObject({ reason: "quota", message: "enough for today" });
    expect(await cancellationOfJob(queue, idOf(job))).toMatchObject({
      reason: "quota",
      message: "enough for today",
    });
    expect(await cancelJob(queue, idOf(job))).toEqual({ status: "finished", end: "failed" });
    // A user who wants it can still run it again.
    await job.retry();
    await expect.poll(() => steps.length).toBe(3);
    expect(await cancelJob(queue, idOf(job))).toEqual({ status: "ended", end: "cancelled" });
  });

  test("a body that swallows the cancellation has completed, and one that fails after it is not retried (JOB-01)", async () => {
    const { queue, name, connection } = newQueue(server);
    let runs = 0;
    keep(
      cancellableWorker<{ readonly fails: boolean }>(
        name,
        async ({ data }) => {
          runs++;
          try {
            await sleepForever();
          } catch (error) {
            if (data.fails) throw new Error("the disk is full", { cause: "not the cancellation" });
            if (!isCancellation(error)) throw error;
          }
          return "done anyway";
        },
        { connection, concurrency: 2 },
      ),
    );
    const swallows = await queue.add("swallows", { fails: false }, { attempts: 3 });
    const fails = await queue.add("fails", { fails: true }, { attempts: 3 });
    await expect.poll(() => runs).toBe(2);
    expect(await cancelJob(queue, idOf(swallows))).toEqual({ status: "ended", end: "completed" });
    expect(await cancelJob(queue, idOf(fails))).toEqual({ status: "ended", end: "failed" });
    expect(await fails.getState()).toBe("failed");
    expect((await queue.getFailed())[0]?.failedReason).toBe("the disk is full");
    expect(runs).toBe(2);
  });

  test("removes a job that waits or is delayed, and knows one that has ended or is not there (JOB-02)", async () => {
    const { queue, name, connection } = newQueue(server);
    const waiting = await queue.add("waiting", {});
    const delayed = await queue.add("delayed", {}, { delay: 60_000 });
    const important = await queue.add("important", {}, { priority: 3 });
    for (const job of [waiting, delayed, important]) {
      expect(await cancelJob(queue, idOf(job))).toEqual({ status: "removed" });
      expect(await job.getState()).toBe("unknown");
      expect(await cancelJob(queue, idOf(job))).toEqual({ status: "missing" });
    }
    const job = await queue.add("quick", {});
    keep(cancellableWorker(name, async () => "done", { connection }));
    await expect.poll(() => job.getState()).toBe("completed");
    expect(await cancelJob(queue, idOf(job))).toEqual({ status: "finished", end: "completed" });
  });

  test("leaves no connection behind when the server refuses the subscription", async () => {
    const { connection, name } = newQueue(server);
    const { ask = async () => "" } = server ?? {};
    await ask("ACL SETUSER deaf on nopass ~* &* +@all -subscribe");
    const options = { ...connection, username: "deaf", password: "any" };
    const queue = keep(new Queue(name, { connection: options }));
    const job = await queue.add("waiting", {});
    await expect(cancelJob(queue, idOf(job))).rejects.toThrow("NOPERM");
    const clients = async (): Promise<string> => ask("CLIENT LIST");
    await expect.poll(clients).not.toMatch(/ name=\S*cancelable .* user=deaf /);
    expect(await clients()).toMatch(/ user=deaf /); // that of the queue
  });

  test("answers `no-worker` for an active job that no worker runs (JOB-02)", async () => {
    const { queue, name, connection } = newQueue(server);
    const job = await queue.add("taken", {});
    const plain = keep(new Worker(name, null, { connection }));
    expect((await plain.getNextJob("own-token"))?.id).toBe(job.id);
    expect(await cancelJob(queue, idOf(job), "manual", { timeout: 15_000 })).toEqual({ status: "no-worker" });
    expect(await job.isActive()).toBe(true);
  });

  test("a job that its worker has lost does not start again after it was cancelled", async () => {
    const { queue, name, connection } = newQueue(server);
    const job = await queue.add("lost", {}, { attempts: 5 });
    const lost = keep(new Worker(name, null, { connection, lockDuration: 100, skipLockRenewal: true }));
    await lost.getNextJob("own-token");
    await expect(cancelJob(queue, idOf(job), "quota")).resolves.toEqual({ status: "no-worker" });
    const runs: string[] = [];
    keep(
      cancellableWorker(name, async ({ id = "" }) => runs.push(id), {
        connection,
        stalledInterval: 50,
        maxStalledCount: 5,
      }),
    );
    await expect.poll(() => job.getState()).toBe("failed");
    expect(runs).toEqual([]);
    // The worker writes it down after BullMQ has written the end down.
    await expect.poll(() => cancellationOfJob(queue, idOf(job))).toMatchObject({ reason: "quota" });
  });

  test("a worker that loses a job while its body ends does not answer: the job would run again (JOB-02)", async () => {
    const { queue, name, connection } = newQueue(server);
    let hasStarted = false;
    let end: (() => void) | undefined;
    keep(
      cancellableWorker(
        name,
        async () => {
          hasStarted = true;
          await sleepForever().finally(
            () =>
              new Promise<void>((resolve) => {
                end = resolve;
              }),
          );
        },
        { connection },
      ),
    );
    const job = await queue.add("lost", {});
    await expect.poll(() => hasStarted).toBe(true);
    const answer = cancelJob(queue, idOf(job));
    await expect.poll(() => end).toBeDefined();
    await queue.pause();
    // As if this worker had stood still for longer than its lock, and another one had given the job back to the queue.
    const { qualifiedName } = queue;
    await server?.ask(
      `EVAL "redis.call('DEL', KEYS[1]) redis.call('LREM', KEYS[2], 0, ARGV[1]) redis.call('RPUSH', KEYS[3], ARGV[1])" 3 ${qualifiedName}:${job.id}:lock ${qualifiedName}:active ${qualifiedName}:paused ${job.id}`,
    );
    end?.();
    expect(await answer).toEqual({ status: "removed" });
    expect(await job.getState()).toBe("unknown");
  });

  test("a worker whose connection for requests was lost hears a stored request when it is back", async () => {
    const { queue, name, connection } = newQueue(server);
    let hasStarted = false;
    keep(
      cancellableWorker(
        name,
        async () => {
          hasStarted = true;
          await sleepForever();
        },
        { connection },
      ),
    );
    const job = await queue.add("kept", {});
    await expect.poll(() => hasStarted).toBe(true);
    await server?.ask("CLIENT KILL TYPE pubsub");
    expect(await cancelJob(queue, idOf(job))).toEqual({ status: "ended", end: "cancelled" });
  });

  test("the next job of a scheduler is not removed, and the request has no effect", async () => {
    const { queue, name, connection } = newQueue(server);
    const job = await queue.upsertJobScheduler("often", { every: 300 });
    await expect(cancelJob(queue, idOf(job as Job))).rejects.toThrow(/scheduler/);
    let runs = 0;
    keep(cancellableWorker(name, async () => runs++, { connection }));
    await expect.poll(() => runs).toBeGreaterThan(0);
    await queue.removeJobScheduler("often");
  });

  test("the wait for the answer follows the scope of the caller, and the request stays", async () => {
    const { queue, name, connection } = newQueue(server);
    let pass: (() => void) | undefined;
    let operation: Cancellable | undefined;
    keep(
      cancellableWorker(
        name,
        async () => {
          operation = currentOperation();
          await new Promise<void>((resolve) => {
            pass = resolve;
          });
        },
        { connection },
      ),
    );
    const job = await queue.add("slow", {});
    await expect.poll(() => pass).toBeDefined();
    const caller = new Cancellable();
    const asking = caller.settle(() => cancelJob(queue, idOf(job)));
    caller.cancel(); // before the request has reached the server
    expect((await asking).status).toBe("cancelled");
    await expect.poll(() => operation?.isCancelled).toBe(true);
    pass?.();
  });

  test("several who ask at once all get the answer", async () => {
    const { queue, name, connection } = newQueue(server);
    let hasStarted = false;
    keep(
      cancellableWorker(
        name,
        async () => {
          hasStarted = true;
          await sleepForever();
        },
        { connection },
      ),
    );
    const job = await queue.add("wanted", {});
    await expect.poll(() => hasStarted).toBe(true);
    const answers = await Promise.all(["a", "b", "c"].map((reason) => cancelJob(queue, idOf(job), reason)));
    expect(answers).toEqual(Array.from({ length: 3 }, () => ({ status: "ended", end: "cancelled" })));
  });

  test("a body that does not end: unanswered, and the next one who asks gets the end", async () => {
    const { queue, name, connection } = newQueue(server);
    let pass: (() => void) | undefined;
    keep(
      cancellableWorker(
        name,
        () =>
          new Promise<void>((resolve) => {
            pass = resolve;
          }),
        { connection },
      ),
    );
    const job = await queue.add("stubborn", {});
    await expect.poll(() => pass).toBeDefined();
    expect(await cancelJob(queue, idOf(job), "manual", { timeout: 100 })).toEqual({ status: "unanswered" });
    const answer = cancelJob(queue, idOf(job));
    pass?.();
    // The second request reaches the job before or after its end.
    expect(["ended", "finished"]).toContain((await answer).status);
    expect(await answer).toMatchObject({ end: "completed" });
  });

  test("reaches a processor in a worker that other code has made (JOB-02)", async () => {
    const { queue, name, connection } = newQueue(server);
    const started: string[] = [];
    keep(
      new Worker(
        name,
        cancellableProcessor(async (...args) => {
          started.push(args[0].name);
          await sleepForever();
        }),
        { connection },
      ),
    );
    const job = await queue.add("foreign", {}, { attempts: 3 });
    await expect.poll(() => started).toEqual(["foreign"]);
    expect(await cancelJob(queue, idOf(job))).toEqual({ status: "ended", end: "cancelled" });
    expect(started).toEqual(["foreign"]);
  });

  test("refuses wrong arguments", async () => {
    const wrong = (value: unknown): never => value as never;
    const { queue } = newQueue(server);
    await expect(cancelJob(wrong({}), "1")).rejects.toThrow("queue must be a Queue of BullMQ");
    await expect(cancelJob(queue, wrong(1))).rejects.toThrow("jobId must be the id of a job");
    await expect(cancelJob(queue, "1", "No Word")).rejects.toThrow("reason must be a word");
    await expect(cancelJob(queue, "1", "manual", { timeout: 0 })).rejects.toThrow("options.timeout");
    await expect(cancelJob(queue, "1", "manual", wrong({ timout: 1 }))).rejects.toThrow(
      "did you mean timeout?",
    );
    await expect(cancellationOfJob(wrong(null), "1")).rejects.toThrow("queue must be");
  });
});
