import { sleepForever } from "@hother/cancelable";
import { FlowProducer, type Job } from "bullmq";
import { afterAll, describe, expect, test } from "vitest";
import { cancelJob, cancellableWorker } from "../../src/bullmq/index.ts";
import { startRedis } from "../servers/redis.ts";
import { keep, newQueue } from "./queues.ts";

const server = await startRedis();
afterAll(() => server?.stop());

const idOf = (job: Job): string => job.id ?? "";

describe.skipIf(server === undefined)("a flow whose parent is cancelled", () => {
  test("running children end, waiting ones never start, and the parent is gone (JOB-04)", async () => {
    const parents = newQueue(server);
    const children = newQueue(server);
    const runs: string[] = [];
    const ended: string[] = [];
    const parentWorker = keep(
      cancellableWorker(parents.name, async ({ name }) => runs.push(name), {
        connection: parents.connection,
      }),
    );
    const worker = keep(
      cancellableWorker(
        children.name,
        async ({ name }) => {
          runs.push(name);
          await sleepForever().finally(() => ended.push(name));
        },
        { connection: children.connection, concurrency: 2 },
      ),
    );
    await Promise.all([worker.waitUntilReady(), parentWorker.waitUntilReady()]);
    const flow = keep(new FlowProducer({ connection: parents.connection }));
    const child = (name: string, delay?: number) => ({
      name,
      queueName: children.name,
      opts: { attempts: 3, ...(delay !== undefined && { delay }) },
    });
    const { job: parent } = await flow.add({
      name: "parent",
      queueName: parents.name,
      children: [child("a"), child("b"), child("c"), child("d"), child("e", 60_000)],
    });
    await expect.poll(() => runs.length).toBe(2);
    expect(await parent.getState()).toBe("waiting-children");
    expect(await cancelJob(parents.queue, idOf(parent), "quota")).toEqual({ status: "removed" });
    expect(ended.sort()).toEqual(runs.sort());
    expect(runs).toHaveLength(2);
    expect(await parent.getState()).toBe("unknown");
    expect(await children.queue.getJobCounts("active", "waiting", "delayed")).toEqual({
      active: 0,
      waiting: 0,
      delayed: 0,
    });
    // A worker can have taken a waiting child in the moment of its removal: it fails then, and its processor is not called.
    const failed = await children.queue.getFailed();
    expect(failed.map(({ name }) => name)).toEqual(expect.arrayContaining(runs));
    expect(await parents.queue.getJobCounts("active", "waiting", "waiting-children")).toEqual({
      active: 0,
      waiting: 0,
      "waiting-children": 0,
    });
    // Both queues still work.
    await parents.queue.add("next", {});
    await expect.poll(() => runs).toContain("next");
  });

  test("grandchildren end, too, and a parent that fails with its child is not started (JOB-04)", async () => {
    const { queue, name, connection } = newQueue(server);
    const runs: string[] = [];
    keep(
      cancellableWorker(
        name,
        async (job) => {
          runs.push(job.name);
          await sleepForever();
        },
        { connection },
      ),
    );
    const flow = keep(new FlowProducer({ connection }));
    const { job: root } = await flow.add({
      name: "root",
      queueName: name,
      children: [
        {
          name: "middle",
          queueName: name,
          opts: { failParentOnFailure: true },
          children: [
            { name: "leaf", queueName: name, opts: { failParentOnFailure: true } },
            { name: "other", queueName: name },
          ],
        },
      ],
    });
    await expect.poll(() => runs.length).toBe(1);
    const { status } = await cancelJob(queue, idOf(root));
    expect(["removed", "ended", "finished"]).toContain(status);
    await expect.poll(() => root.getState()).toMatch(/unknown|failed/);
    await expect
      .poll(() => queue.getJobCounts("active", "waiting", "waiting-children", "delayed"))
      .toEqual({ active: 0, waiting: 0, "waiting-children": 0, delayed: 0 });
    expect(runs).toHaveLength(1);
  });
});
