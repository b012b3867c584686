import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import { singleFlight } from "../../src/calls/index.ts";
import {
  Cancellable,
  CancelScope,
  checkpoint,
  currentDeadline,
  currentOperation,
  failAfter,
  isCancellation,
  moveOnAfter,
  run,
  shield,
  sleep,
  sleepForever,
  TimeoutCancellation,
  taskGroup,
} from "../../src/index.ts";
import { expectNoLeaks } from "../../src/testing/index.ts";
import { SharedCancellationToken } from "../../src/threads/index.ts";
import { describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { runScript } from "../child.ts";
import { FrameBackend } from "../frame-backend.ts";
import { expectThrows, expectUsageError, thrown, wrong } from "../refusals.ts";
import { until } from "../until.ts";

const byKey = { key: (key: string): string => key };

describeEverywhere("singleFlight", (everywhere) => {
  everywhere("calls with one key share a run, and each other key has its own (VERB-30)", async () => {
    const runs: unknown[] = [];
    const target = {
      load: singleFlight(
        async function (this: unknown, key: string, extra: number) {
          runs.push([key, extra, this === target]);
          await sleep(2);
          return { key };
        },
        { key: (key) => key },
      ),
    };
    const [a, same, other] = await Promise.all([
      target.load("a", 1),
      target.load("a", 2),
      target.load("b", 3),
    ]);
    expect(same).toBe(a);
    expect(other).toEqual({ key: "b" });
    expect(runs).toEqual([
      ["a", 1, true],
      ["b", 3, true],
    ]);
    await target.load("a", 4);
    expect(runs).toHaveLength(3);
  });

  everywhere("a failure goes to all callers, and is not kept", async () => {
    let runs = 0;
    const failure = new Error("down");
    const load = singleFlight(async (_key: string) => {
      await sleep(1);
      if (++runs === 1) throw failure;
      return runs;
    }, byKey);
    expect(await Promise.all([rejection(load("a")), rejection(load("a"))])).toEqual([failure, failure]);
    expect(await load("a")).toBe(2);
    const thrower = singleFlight((_key: string) => {
      throw failure;
    }, byKey);
    expect(await rejection(thrower("a"))).toBe(failure);
    const keyless = singleFlight((_key: string) => 1, {
      key: () => {
        throw failure;
      },
    });
    expect(await rejection(keyless("a"))).toBe(failure);
  });

  everywhere(
    "the run has no operation around it, and the async context of the first caller (VERB-30)",
    async () => {
      const store = new AsyncLocalStorage<string>();
      const load = singleFlight(async (_key: string) => {
        await checkpoint();
        return [store.getStore(), currentOperation()?.name];
      }, byKey);
      const call = (): Promise<unknown> => load("a");
      await new Cancellable({ name: "caller" }).run(async () => {
        const both = [store.run("first", call), store.run("second", call)];
        expect(await Promise.all(both)).toEqual([
          ["first", undefined],
          ["first", undefined],
        ]);
      });
    },
  );

  everywhere("in a cancelled scope nothing is called", async () => {
    let called = false;
    const load = singleFlight(
      () => {
        called = true;
      },
      { key: () => (called = true) },
    );
    const scope = new CancelScope();
    scope.cancel("quota");
    await scope.run(async () => {
      expect(await rejection(load())).toMatchObject({ reason: "quota" });
    });
    expect(called).toBe(false);
  });

  everywhere("a run that no caller waits for is cancelled, and nothing is left", async () => {
    const errors: unknown[] = [];
    const load = singleFlight(async (_key: string) => {
      try {
        await sleepForever();
      } catch (error) {
        errors.push(error);
        throw error;
      }
    }, byKey);
    await expectNoLeaks(async () => {
      const scope = new CancelScope();
      const calls = scope.run(() => Promise.all([load("a"), load("a")]));
      await until(() => true);
      scope.cancel("quota");
      await calls;
      await until(() => errors.length === 1);
    });
    expect(errors[0]).toMatchObject({
      reason: "disconnect",
      message: "singleFlight(fn) was cancelled because no caller waits for it",
    });
    expect(isCancellation(errors[0])).toBe(true);
  });

  everywhere("a failure of a run that no caller waits for goes to the reporter", async ({ reported }) => {
    const failure = new Error("not closed");
    const load = singleFlight(async (_key: string) => {
      try {
        await sleepForever();
      } finally {
        await shield(() => checkpoint());
        throw failure;
      }
    }, byKey);
    const scope = new CancelScope();
    const ended = scope.run(() => load("a"));
    scope.cancel();
    await ended;
    await until(() => reported.length > 0);
    expect(reported.splice(0)).toEqual([failure]);
  });

  everywhere(
    "a run that asks for its own key is refused, directly and through other runs (VERB-31)",
    async () => {
      const direct: (key: string) => Promise<unknown> = singleFlight(async (key) => {
        await checkpoint();
        return direct(key);
      }, byKey);
      expectUsageError(
        await rejection(direct("a")),
        "ERR_WAITS_FOR_ITSELF",
        /^singleFlight\(fn\) would wait for itself\. Do not call it from inside its own run\.$/,
      );
      const next: Record<string, string> = { a: "b", b: "c", c: "a", d: "e", e: "f" };
      const chain: (key: string) => Promise<unknown> = singleFlight(async (key) => {
        await checkpoint();
        const following = next[key];
        return following === undefined ? key : chain(following);
      }, byKey);
      expectUsageError(await rejection(chain("a")), "ERR_WAITS_FOR_ITSELF", /would wait/);
      expect(await chain("d")).toBe("f");
    },
  );

  everywhere("a run may wait for a run of other callers", async () => {
    const load: (key: string) => Promise<unknown> = singleFlight(async (key) => {
      await sleep(1);
      return key === "outer" ? load("inner") : key;
    }, byKey);
    expect(await Promise.all([load("outer"), load("inner"), load("inner")])).toEqual([
      "inner",
      "inner",
      "inner",
    ]);
    const slow: (key: string) => Promise<unknown> = singleFlight(async (key) => {
      await sleep(key === "outer" ? 1 : 20);
      return key === "outer" ? slow("inner") : key;
    }, byKey);
    expect(await Promise.all([slow("inner"), slow("outer")])).toEqual(["inner", "inner"]);
  });

  everywhere("a caller on another backend gives the run no deadline", async () => {
    const load = singleFlight(async (_key: string) => {
      await sleep(5);
      return currentDeadline();
    }, byKey);
    const first = failAfter(60_000, () => load("k"));
    const other = run(() => failAfter(60_000, () => load("k")), { backend: new FrameBackend() });
    expect(await Promise.all([first, other])).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  everywhere("a clean-up that asks for its own key is refused too (VERB-31)", async () => {
    const errors: unknown[] = [];
    const load: (key: string) => Promise<unknown> = singleFlight(async (key) => {
      try {
        await sleepForever();
      } finally {
        await shield(async () => errors.push(await rejection(load(key))));
      }
    }, byKey);
    const scope = new CancelScope();
    const ended = scope.run(() => load("a"));
    await checkpoint();
    scope.cancel();
    await ended;
    await until(() => errors.length === 1);
    expectUsageError(errors[0], "ERR_WAITS_FOR_ITSELF", /would wait/);
  });

  everywhere("wrong arguments are refused at once, by name", () => {
    expectThrows("TypeError", [
      [() => singleFlight(wrong(null), byKey), "fn", "a function", "null"],
      [() => singleFlight(() => {}, wrong(undefined)), "options.key", "a function", "undefined"],
      [() => singleFlight(() => {}, wrong(5)), "options", "an object", "5"],
      [() => singleFlight(() => {}, wrong({ key: "id" })), "options.key", "a function", '"id"'],
    ]);
    expect((thrown(() => singleFlight(() => {}, wrong({ keys: () => 1 }))) as Error).message).toMatch(
      /did you mean key\?$/,
    );
  });
});

inVirtualTime(
  "a caller that is cancelled leaves, and the run goes on for the others (VERB-30)",
  async ({ elapsed }) => {
    let calls = 0;
    const load = singleFlight(async (_key: string) => {
      calls++;
      await sleep(100);
      return "value";
    }, byKey);
    await taskGroup(async (group) => {
      const a = group.startSoon(() => load("k"));
      await sleep(10);
      const b = group.startSoon(async () => [await load("k"), elapsed()]);
      await sleep(10);
      a.cancel();
      await a.wait();
      expect([a.status, elapsed()]).toEqual(["cancelled", 20]);
      expect(await b).toEqual(["value", 100]);
    });
    expect(calls).toBe(1);
  },
);

inVirtualTime(
  "a call after the last one has left starts its own run when the cancelled one has ended (VERB-31)",
  async ({ elapsed }) => {
    const runs: unknown[] = [];
    const load = singleFlight(async (_key: string) => {
      const run = runs.length;
      runs.push(elapsed());
      try {
        await sleep(run === 0 ? 1_000 : 10);
        return `run ${run}`;
      } finally {
        await shield(() => sleep(5));
      }
    }, byKey);
    await taskGroup(async (group) => {
      const both = [group.startSoon(() => load("k")), group.startSoon(() => load("k"))];
      await sleep(30);
      for (const caller of both) caller.cancel();
      await sleep(1);
      expect(await Promise.all([load("k"), load("k")])).toEqual(["run 1", "run 1"]);
    });
    expect([runs, elapsed()]).toEqual([[0, 35], 50]);
  },
);

inVirtualTime("a run whose callers leave before its start is not called (VERB-31)", async ({ elapsed }) => {
  const starts: number[] = [];
  const load = singleFlight(async (_key: string) => {
    starts.push(elapsed());
    await shield(() => sleep(50));
  }, byKey);
  const leave = async (at: number): Promise<void> => {
    const scope = new CancelScope({ timeout: at });
    await scope.run(() => load("k"));
  };
  await leave(10);
  await leave(10);
  await load("k");
  expect([starts, elapsed()]).toEqual([[0, 50], 100]);
});

inVirtualTime("the deadline of the run is the latest one of its callers (VERB-31)", async ({ elapsed }) => {
  const seen: number[] = [];
  const load = singleFlight(async (_key: string) => {
    for (;;) {
      seen.push(currentDeadline());
      await sleep(10);
    }
  }, byKey);
  const start = elapsed();
  const call = (ms: number): Promise<unknown> => rejection(failAfter(ms, () => load("k")));
  const errors: unknown[] = [];
  await taskGroup(async (group) => {
    group.startSoon(async () => errors.push(await call(25), elapsed()));
    await sleep(5);
    group.startSoon(async () => errors.push(await call(30), elapsed()));
    await sleep(10);
    const free = group.startSoon(() => load("k"));
    await sleep(10);
    free.cancel();
  });
  const base = start + (seen[0] as number) - 25;
  expect(seen.map((at) => at - base)).toEqual([25, 35, Number.POSITIVE_INFINITY, 35]);
  expect(errors).toEqual([expect.any(TimeoutCancellation), 25, expect.any(TimeoutCancellation), 35]);
  expect(errors.map((error) => (error as TimeoutCancellation).timeoutMs)).toEqual([
    25,
    undefined,
    30,
    undefined,
  ]);
});

inVirtualTime("the deadline of a caller can move while it waits (VERB-31)", async ({ elapsed }) => {
  const load = singleFlight(async (_key: string) => {
    await sleep(100);
    return "value";
  }, byKey);
  const value = await failAfter(50, (scope) => {
    const joined = load("k");
    scope.deadline += 100;
    return joined;
  });
  expect([value, elapsed()]).toEqual(["value", 100]);
  const error = await rejection(
    failAfter(50, (scope) => {
      const joined = load("k");
      scope.deadline += 20;
      return joined;
    }),
  );
  expect([error, elapsed()]).toEqual([expect.any(TimeoutCancellation), 170]);
});

inVirtualTime("a caller with a shared token has no deadline because of it (VERB-31)", async () => {
  using token = new SharedCancellationToken();
  const load = singleFlight(async (_key: string) => {
    await sleep(100);
    return "value";
  }, byKey);
  await taskGroup(async (group) => {
    const free = group.startSoon(() => new CancelScope({ token }).run(() => load("k")));
    const limited = group.startSoon(() => moveOnAfter(50, () => load("k")));
    expect([await free, await limited]).toEqual(["value", undefined]);
  });
});

inVirtualTime(
  "a run that ignores its deadline rejects its callers with their own timeout",
  async ({ block }) => {
    const load = singleFlight(async (_key: string) => {
      block(50);
      await checkpoint();
    }, byKey);
    const error = await rejection(failAfter(20, () => load("k")));
    expect(error).toMatchObject({ timeoutMs: 20, reason: "timeout" });
  },
);

test("20,000 calls that leave behind a deaf run keep no memory", async () => {
  const { code, output, errors } = await runScript(
    `
    import { moveOnAfter } from "@hother/cancelable";
    import { singleFlight } from "@hother/cancelable/calls";
    const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
    const heap = async () => { await turn(); gc(); gc(); return process.memoryUsage().heapUsed; };
    const body = () => new Promise((resolve) => { release = resolve; });
    let release;
    const call = singleFlight(body, { key: () => 1 });
    const leave = () => moveOnAfter(null, async (scope) => {
      const ended = call().catch(() => {});
      scope.cancel();
      await ended;
    });
    void moveOnAfter(5, () => call());
    await turn();
    for (let i = 0; i < 1_000; i++) await leave();
    const before = await heap();
    for (let i = 0; i < 20_000; i++) await leave();
    console.log(Math.round((await heap() - before) / 1024));
    release();
    `,
    ["--expose-gc"],
  );
  expect([code, errors]).toEqual([0, ""]);
  // A call with its scope takes some hundred bytes: 20,000 of them would be 4 MB or more.
  expect(Number.parseInt(output, 10)).toBeLessThan(2_000);
}, 60_000);
