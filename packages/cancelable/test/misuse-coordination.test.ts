import { expect, test, vi } from "vitest";
import {
  CapacityLimiter,
  Condition,
  getBackend,
  Lock,
  Queue,
  run,
  Semaphore,
  sleep,
  type TaskGroup,
  taskGroup,
} from "../src/index.ts";
import { deferred, describeEverywhere, rejection } from "./backends.ts";
import { runScript } from "./child.ts";
import { expectUsageError, thrown } from "./refusals.ts";

describeEverywhere("a task group that has ended", (everywhere) => {
  everywhere("starts no more children", async () => {
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
        /^Task work has no result yet\. Await it first/,
      );
      await task;
      expect(task.value).toBe("value");
    });
  });

  everywhere("started() is called once, and not left out", async () => {
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

describeEverywhere("what is not held cannot be given back", (everywhere) => {
  everywhere("a lock, a condition and a limiter refuse, and stay as they were", async () => {
    const [lock, condition, limiter] = [new Lock(), new Condition(), new CapacityLimiter(1)];
    expectUsageError(
      thrown(() => lock.release()),
      "ERR_NOT_HELD",
      /^Lock is not held by this caller\. Acquire it first/,
    );
    expectUsageError(
      thrown(() => condition.release()),
      "ERR_NOT_HELD",
      /^Lock is not held/,
    );
    expectUsageError(
      thrown(() => condition.notify()),
      "ERR_NOT_HELD",
      /^The lock of the condition is not held/,
    );
    expectUsageError(await rejection(condition.wait()), "ERR_NOT_HELD", /^Lock is not held/);
    expectUsageError(
      thrown(() => limiter.release()),
      "ERR_NOT_HELD",
      /^CapacityLimiter is not held/,
    );
    expectUsageError(
      thrown(() => limiter.release("nobody")),
      "ERR_NOT_HELD",
      /^CapacityLimiter is not held/,
    );
    expect([lock.isLocked, condition.waiting, limiter.available]).toEqual([false, 0, 1]);
  });

  everywhere("a semaphore with a bound refuses what would go above it (CONF-K01)", () => {
    const semaphore = new Semaphore(1, { max: 1 });
    const text = /^Semaphore was released more often than it was acquired \(max is 1\)\.$/;
    expectUsageError(
      thrown(() => semaphore.release()),
      "ERR_RELEASED_TOO_OFTEN",
      text,
    );
    expect(semaphore.value).toBe(1);
  });

  everywhere("the forms that do not wait refuse where the others would wait", async () => {
    const [lock, semaphore, limiter] = [new Lock(), new Semaphore(0), new CapacityLimiter(0)];
    const queue = new Queue<number>(0);
    using _held = await lock.acquire();
    const calls = [
      ["Lock", () => lock.acquireNowait()],
      ["Semaphore", () => semaphore.acquireNowait()],
      ["CapacityLimiter", () => limiter.acquireNowait()],
      ["Queue", () => queue.putNowait(1)],
      ["Queue", () => queue.getNowait()],
    ] as const;
    for (const [name, call] of calls) {
      expectUsageError(
        thrown(call),
        "ERR_WOULD_BLOCK",
        new RegExp(`^${name} would have to wait\\. Call the method that waits`),
      );
    }
    expect([lock.waiting, semaphore.waiting, limiter.waiting, queue.size]).toEqual([0, 0, 0, 0]);
  });
});

describeEverywhere("a backend that is not known", (everywhere) => {
  everywhere("is refused with what to do, and main is not called", async () => {
    const main = vi.fn();
    const hints = [
      [
        "virtual",
        /^"virtual" is not a known backend .*import \{ VirtualBackend \} from "@hother\/cancelable\/testing"/,
      ],
      ["asyncio", /^"asyncio" is not a known backend \(known: native.*\)\.$/],
    ] as const;
    for (const [backend, text] of hints) {
      const error = thrown(() => getBackend(backend));
      expectUsageError(error, "ERR_UNKNOWN_BACKEND", text);
      expectUsageError(await rejection(run(main, { backend })), "ERR_UNKNOWN_BACKEND", text);
    }
    expect(main).not.toHaveBeenCalled();
    expect(getBackend("native").name).toBe("native");
  });
});

test("a backend that was not imported is refused with the import to add", async () => {
  // In a process of its own: in this one they have been imported.
  const { code, output } = await runScript(`
    import { run } from "@hother/cancelable";
    for (const backend of ["effect", "effection"]) {
      await run(() => console.log("called"), { backend }).catch((error) => console.log(error.code, error.message));
    }
  `);
  expect(code).toBe(0);
  const [effect, effection, ...more] = output.trim().split("\n");
  const start = "ERR_UNKNOWN_BACKEND";
  expect(effect?.startsWith(`${start} "effect" is not a known backend (install "effect" and `)).toBe(true);
  expect(effect).toContain('import "@hother/cancelable-backends/effect"');
  expect(effection?.startsWith(`${start} "effection" is not a known backend (install "effection" and `)).toBe(
    true,
  );
  expect(effection).toContain('import "@hother/cancelable-backends/effection"');
  expect(more).toEqual([]);
});
