import { AsyncResource } from "node:async_hooks";
import { describe, expect } from "vitest";
import {
  bind,
  Cancellable,
  currentOperation,
  currentSignal,
  type Outcome,
  sleep,
  TimeoutSource,
  waitFor,
  withCancellable,
} from "../../src/index.ts";
import { deferred, describeEverywhere, everywhere } from "../backends.ts";

type Job = () => Promise<void>;
type Submit = (job: Job) => Promise<void>;

/** One job at a time. A job that ends starts the next one, in its own async context. */
function startedByTheLastJob(): Submit {
  const waiting: Array<() => void> = [];
  let busy = false;
  const next = (): void => {
    const start = waiting.shift();
    busy = start !== undefined;
    start?.();
  };
  return (job) =>
    new Promise((resolve, reject) => {
      waiting.push(() => void job().finally(next).then(resolve, reject));
      if (!busy) next();
    });
}

/** One job at a time. A loop that was started outside of every operation runs the jobs. */
function startedOutside(): Submit {
  const waiting: Array<() => Promise<void>> = [];
  let wake = (): void => {};
  void (async () => {
    for (;;) {
      await waiting.shift()?.();
      if (waiting.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  })();
  return (job) =>
    new Promise((resolve, reject) => {
      waiting.push(() => job().then(resolve, reject));
      wake();
    });
}

const queues: ReadonlyArray<{
  readonly title: string;
  readonly create: () => Submit;
  readonly name: string;
}> = [
  { title: "a queue in which the last job starts the next one", create: startedByTheLastJob, name: "A" },
  { title: "a queue that runs jobs outside of every operation", create: startedOutside, name: "none" },
];

/** Submits a job of operation A, which waits for `end`, and runs A until its job has ended. */
function occupy(submit: Submit, a: Cancellable, end: PromiseLike<unknown>): Promise<Outcome<void>> {
  return a.settle(() => submit(async () => void (await waitFor(end))));
}

const remedies: ReadonlyArray<{
  readonly title: string;
  readonly apply: (op: Cancellable, job: Job) => Job;
}> = [
  { title: "bind(fn)", apply: (_, job) => bind(job) },
  { title: "op.wrap(fn)", apply: (op, job) => op.wrap(job) },
  { title: "withCancellable(op, fn)", apply: (op, job) => withCancellable(op, job) },
  { title: "AsyncResource.bind(fn)", apply: (_, job) => AsyncResource.bind(job) },
];

for (const { title, create, name } of queues) {
  describeEverywhere(title, (on) => {
    on("a job does not fail when the operation whose context it runs in completes (rule 33)", async () => {
      const submit = create();
      const free = deferred();
      const first = occupy(submit, new Cancellable({ name: "A" }), free.promise);
      let ranAs: string | undefined;
      const second = new Cancellable({ name: "B" }).settle(() =>
        submit(async () => {
          ranAs = currentOperation()?.name ?? "none";
          await sleep(20);
          await sleep(1);
        }),
      );
      free.resolve();
      expect((await first).status).toBe("completed");
      expect((await second).status).toBe("completed");
      expect(ranAs).toBe(name);
    });

    on("a limit ends no job that is not bound", async (t) => {
      const submit = create();
      const free = deferred();
      const first = occupy(submit, new Cancellable({ name: "A" }), free.promise);
      const b = new Cancellable({ name: "B" });
      const second = b.settle(() => {
        b.addSource(new TimeoutSource(10));
        return submit(() => sleep(40));
      });
      free.resolve();
      await first;
      expect((await second).status).toBe("completed");
      t.expectElapsed(40);
    });

    for (const { title: remedy, apply } of remedies) {
      on(`a limit reaches a job with ${remedy}`, async () => {
        const submit = create();
        const free = deferred();
        const first = occupy(submit, new Cancellable({ name: "A" }), free.promise);
        const b = new Cancellable({ name: "B" });
        let ranAs: string | undefined;
        const second = b.settle(() =>
          submit(
            apply(b, async () => {
              ranAs = currentOperation()?.name;
              b.addSource(new TimeoutSource(20));
              await sleep({ minutes: 1 });
            }),
          ),
        );
        free.resolve();
        await first;
        const outcome = await second;
        expect(outcome).toMatchObject({ status: "cancelled", error: b.error });
        expect([ranAs, b.error?.reason]).toEqual(["B", "timeout"]);
      });

      on(`a job with ${remedy} does not fail when another operation is cancelled`, async () => {
        const submit = create();
        const free = deferred();
        const a = new Cancellable({ name: "A" });
        const first = occupy(submit, a, free.promise);
        const b = new Cancellable({ name: "B" });
        const second = b.settle(() => submit(apply(b, () => sleep(5))));
        a.cancel("disconnect");
        free.resolve(); // for the queue in which the job of A does not run as A
        await first;
        // In the context of A nothing could wait any more.
        expect((await second).status).toBe("completed");
      });
    }

    on("a limit ends the wait for a place, and then the job ends at its first checkpoint", async (t) => {
      const submit = create();
      const free = deferred();
      const first = occupy(submit, new Cancellable({ name: "A" }), free.promise);
      const steps: string[] = [];
      const job = deferred();
      const b = new Cancellable({ name: "B" });
      const second = b.settle(() => {
        const bound = bind(async () => {
          steps.push(`starts, aborted: ${currentSignal().aborted}`);
          await sleep(1).finally(job.resolve);
          steps.push("goes on");
        });
        return waitFor(() => {
          b.addSource(new TimeoutSource(10));
          return submit(bound);
        });
      });
      expect((await second).status).toBe("cancelled");
      t.expectElapsed(10);
      expect(steps).toEqual([]);
      free.resolve();
      await first;
      await job.promise;
      expect(steps).toEqual(["starts, aborted: true"]);
    });
  });
}

describe("a queue in which the last job starts the next one", () => {
  everywhere("cancels an unbound job with the operation whose context it runs in", async () => {
    const submit = startedByTheLastJob();
    const a = new Cancellable({ name: "A" });
    const first = occupy(submit, a, new Promise(() => {}));
    const second = new Cancellable({ name: "B" }).settle(() => submit(() => sleep(5)));
    a.cancel("disconnect");
    await first;
    const outcome = await second;
    expect(outcome).toMatchObject({ status: "failed", error: a.error });
  });
});
