import { expect, test, vi } from "vitest";
import { Cancellable, currentSignal, sleep, sleepForever, type Task, taskGroup } from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";
import { runScript } from "../child.ts";
import { until } from "../until.ts";

describeEverywhere("a task", (everywhere) => {
  everywhere(
    "a child that throws before its first await fails its group or its start() (CONF-E09)",
    async () => {
      const failure = new Error("sync");
      const broken = (): never => {
        throw failure;
      };
      expect(await rejection(taskGroup((group) => void group.startSoon(broken)))).toBe(failure);
      await taskGroup(async (group) => {
        expect(await rejection(group.start(broken))).toBe(failure);
        expect(group.errors).toEqual([]);
      });
      expect(
        await rejection(taskGroup((group) => void group.startSoon(broken), { failures: "collect" })),
      ).toMatchObject({ name: "AggregateError", errors: [failure] });
    },
  );

  everywhere("wait() waits for the end and does not throw the task's error (CONF-E13)", async (t) => {
    const failure = new Error("child");
    const tasks: Array<Task<unknown>> = [];
    const error = await rejection(
      taskGroup(async (group) => {
        const fine = group.startSoon(() => sleep(5).then(() => "value"));
        const cancelled = group.startSoon(() => sleepForever());
        tasks.push(fine, cancelled);
        cancelled.cancel();
        expect(await Promise.all([fine.wait(), cancelled.wait()])).toEqual([undefined, undefined]);
        t.expectElapsed(5);
        tasks.push(group.startSoon(() => Promise.reject(failure)));
        await sleepForever();
      }),
    );
    expect(error).toBe(failure);
    for (const task of tasks) expect(await task.wait()).toBeUndefined();
    expect(tasks.map((task) => task.status)).toEqual(["completed", "cancelled", "failed"]);
  });

  everywhere("running tasks and the operations below an operation are listed (CONF-E15)", async () => {
    const op = new Cancellable({ id: "top" });
    await op.run(() =>
      taskGroup(async (group) => {
        const seen: string[] = [];
        const gates = { short: deferred(), long: deferred(), grandchild: deferred(), third: deferred() };
        const child = (id: keyof typeof gates): Promise<void> =>
          new Cancellable({ id }).run(async (self) => {
            seen.push(`${self.context.parentId}/${id}`);
            await gates[id].promise;
          });
        const tasks = (): string[] => group.tasks.map(({ name }) => name);
        const operations = (): string[] => op.children.map(({ id }) => id);
        const short = group.startSoon(child, "short");
        const long = group.startSoon(child, "long");
        await group.start<void>(async function third(started) {
          group.startSoon(async function grandchild() {
            await child("grandchild");
          });
          started();
          await gates.third.promise;
        });
        await until(() => seen.length === 3);
        expect(tasks()).toEqual(["child", "child", "grandchild", "third"]);
        expect(group.tasks.slice(0, 2).every((task, i) => task === [short, long][i])).toBe(true);
        expect(seen).toEqual(["top/short", "top/long", "top/grandchild"]);
        gates.short.resolve();
        await short;
        expect([tasks(), operations()]).toEqual([
          ["child", "grandchild", "third"],
          ["long", "grandchild"],
        ]);
        gates.long.resolve();
        await long;
        expect([tasks(), operations()]).toEqual([["grandchild", "third"], ["grandchild"]]);
        for (const gate of Object.values(gates)) gate.resolve();
      }),
    );
    expect(op.children).toEqual([]);
  });

  everywhere("a task that has ended is not changed by a later cancellation (CONF-E16)", async () => {
    const aborted = vi.fn();
    const callback = vi.fn();
    await taskGroup(async (group) => {
      let signal: AbortSignal | undefined;
      const child = group.startSoon(async () => {
        signal = currentSignal();
        signal.addEventListener("abort", aborted);
        await new Cancellable().onCancel(callback).run((op) => {
          op.token.onCancel(callback);
          return sleep(1);
        });
        return "value";
      });
      expect(await child).toBe("value");
      expect(child.cancel()).toBe(false);
      group.cancel();
      expect([child.status, child.value, signal?.aborted]).toEqual(["completed", "value", false]);
    });
    expect(aborted).not.toHaveBeenCalled();
    expect(callback).not.toHaveBeenCalled();
  });
});

test("20,000 waits that leave a task that lives on keep no memory", async () => {
  const { code, output, errors } = await runScript(
    `
    import { moveOnAfter, sleepForever, taskGroup } from "@hother/cancelable";
    const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
    const heap = async () => { await turn(); gc(); gc(); return process.memoryUsage().heapUsed; };
    await taskGroup(async (group) => {
      const task = group.startSoon(() => sleepForever());
      const leave = () => moveOnAfter(null, async (scope) => {
        const ended = task.wait().catch(() => {});
        scope.cancel();
        await ended;
      });
      for (let i = 0; i < 1_000; i++) await leave();
      const before = await heap();
      for (let i = 0; i < 20_000; i++) await leave();
      console.log(Math.round((await heap() - before) / 1024));
      group.cancel();
    });
    `,
    ["--expose-gc"],
  );
  expect([code, errors]).toEqual([0, ""]);
  // A wait with its scope takes some hundred bytes: 20,000 of them would be 4 MB or more.
  expect(Number.parseInt(output, 10)).toBeLessThan(2_000);
});
