import { expect, vi } from "vitest";
import { sleep, type TaskGroup, taskGroup } from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";
import { expectUsageError, thrown } from "../refusals.ts";

describeEverywhere("the misuse of a task group", (everywhere) => {
  everywhere("a group that has ended starts no children", async () => {
    const fn = vi.fn();
    let kept: TaskGroup | undefined;
    await taskGroup((group) => {
      kept = group;
    });
    const text = /^The task group has ended and starts no more children\. Start children while/;
    expectUsageError(
      thrown(() => kept?.startSoon(fn)),
      "ERR_GROUP_ENDED",
      text,
    );
    expectUsageError(await rejection(kept?.start(fn) ?? Promise.resolve()), "ERR_GROUP_ENDED", text);
    await sleep(0);
    expect(fn).not.toHaveBeenCalled();
    expect(kept?.tasks).toEqual([]);
  });

  everywhere("a task has no value before it ends", async () => {
    await taskGroup(async (group) => {
      const task = group.startSoon(async function work() {
        return "value";
      });
      expectUsageError(
        thrown(() => task.value),
        "ERR_NO_RESULT",
        /^Task work has no result yet\./,
      );
      await task;
      expect(task.value).toBe("value");
    });
  });

  everywhere("started() must be called exactly once", async () => {
    await taskGroup(async (group) => {
      const twice = deferred<unknown>();
      await group.start<void>((started) => {
        started();
        twice.resolve(thrown(() => started()));
      });
      expectUsageError(
        await twice.promise,
        "ERR_STARTED_TWICE",
        /^started\(\) was called twice\. Call it once/,
      );
      const silent = await rejection(group.start(function silent() {}));
      expectUsageError(silent, "ERR_NEVER_STARTED", /^Task silent returned without calling started\(\)/);
    });
  });
});
