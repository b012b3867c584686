import { expect, test } from "vitest";
import { latest } from "../../src/calls/index.ts";
import {
  Cancellable,
  CancelScope,
  checkpoint,
  currentOperation,
  isCancellation,
  shield,
  sleep,
} from "../../src/index.ts";
import { expectNoLeaks } from "../../src/testing/index.ts";
import { describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { runScript } from "../child.ts";
import { expectThrows, expectUsageError, wrong } from "../refusals.ts";

describeEverywhere("latest", (everywhere) => {
  everywhere(
    "a call runs in the scope of its caller, with its arguments and its this (VERB-29)",
    async () => {
      const target = {
        name: "target",
        load: latest(async function load(this: { name: string }, ...args: number[]) {
          await sleep(1);
          return [this.name, args, currentOperation()?.name, currentOperation()?.parent?.name];
        }),
      };
      const outcome = await new Cancellable({ name: "caller" }).run(() => target.load(1, 2));
      expect(outcome).toEqual(["target", [1, 2], "load", "caller"]);
      const scope = new CancelScope();
      scope.cancel("quota");
      let called = false;
      const never = latest(() => {
        called = true;
      });
      await scope.run(async () => {
        expect(await rejection(never())).toMatchObject({ reason: "quota" });
      });
      expect([called, scope.cancelledCaught]).toEqual([false, false]);
    },
  );

  everywhere("of three calls in one turn only the last one runs (VERB-29)", async () => {
    const ran: number[] = [];
    const load = latest(async (n: number) => {
      ran.push(n);
      await sleep(1);
      return n;
    });
    await expectNoLeaks(async () => {
      const calls = [rejection(load(1)), rejection(load(2)), load(3)];
      const superseded = { reason: "superseded", message: "a later call took the place of this one" };
      expect(await Promise.all(calls)).toMatchObject([superseded, superseded, 3]);
    });
    expect(ran).toEqual([3]);
    expect(await load(4)).toBe(4);
  });

  everywhere("a call in a cancelled scope does not supersede the one that runs", async () => {
    const load = latest(async (n: number) => {
      await sleep(5);
      return n;
    });
    const first = load(1);
    const scope = new CancelScope();
    scope.cancel();
    await scope.run(() => load(2));
    expect(await first).toBe(1);
  });

  everywhere("a failure goes to its caller, and the next call runs", async () => {
    const failure = new Error("down");
    const load = latest((n: number) => {
      if (n === 1) throw failure;
      return n;
    });
    expect(await rejection(load(1))).toBe(failure);
    expect(await load(2)).toBe(2);
  });

  everywhere("a call from inside its own run is refused, also in a shield", async () => {
    const load: (depth: number) => Promise<unknown> = latest(async (depth) => {
      if (depth === 0) return "reached";
      await checkpoint();
      return shield(() => load(depth - 1));
    });
    expectUsageError(
      await rejection(load(1)),
      "ERR_WAITS_FOR_ITSELF",
      /^latest\(fn\) would wait for itself\. Do not call it from inside/,
    );
    expect(await load(0)).toBe("reached");
  });

  everywhere("wrong arguments are refused at once, by name", () => {
    expectThrows("TypeError", [
      [() => latest(wrong(5)), "fn", "a function", "5"],
      [() => latest(wrong(undefined)), "fn", "a function", "undefined"],
      [
        () => latest(() => {}, { grace: wrong("1 s") }),
        "options.grace",
        "milliseconds, a Duration such as { seconds: 5 }, or null",
        '"1 s"',
      ],
    ]);
    expectThrows("RangeError", [
      [() => latest(() => {}, { grace: Number.NaN }), "options.grace", "a number of milliseconds", "NaN"],
    ]);
  });
});

inVirtualTime("the next run starts when the superseded one has cleaned up (VERB-29)", async ({ elapsed }) => {
  const steps: string[] = [];
  const load = latest(async (n: number) => {
    steps.push(`start ${n} at ${elapsed()}`);
    try {
      await sleep(100);
    } finally {
      if (n === 1) await shield(() => sleep(20));
      steps.push(`end ${n} at ${elapsed()}`);
    }
    return n;
  });
  let toldAt: number | undefined;
  const first = rejection(load(1)).then((error) => {
    toldAt = elapsed();
    return error;
  });
  await sleep(10);
  expect(await load(2)).toBe(2);
  expect(await first).toSatisfy((error) => isCancellation(error, { reason: "superseded" }));
  expect(steps).toEqual(["start 1 at 0", "end 1 at 30", "start 2 at 30", "end 2 at 130"]);
  expect([toldAt, elapsed()]).toEqual([30, 130]);
});

inVirtualTime(
  "a call that is superseded while it waits rejects at once, and the next one still waits for the run (VERB-29)",
  async ({ elapsed }) => {
    const starts: unknown[] = [];
    const load = latest(async (n: number) => {
      starts.push([n, elapsed()]);
      await shield(() => sleep(50));
      await checkpoint();
      return n;
    });
    const first = rejection(load(1));
    await sleep(10);
    const second = rejection(load(2)).then(() => elapsed());
    await sleep(10);
    expect(await load(3)).toBe(3);
    expect([await second, elapsed()]).toEqual([20, 100]);
    expect(starts).toEqual([
      [1, 0],
      [3, 50],
    ]);
    await first;
  },
);

inVirtualTime("a deaf run delays the next one for its grace at most (VERB-29)", async ({ elapsed }) => {
  const starts: number[] = [];
  const load = latest(
    async (n: number) => {
      starts.push(elapsed());
      if (n === 1) await shield(() => sleep(500));
      return n;
    },
    { grace: 20 },
  );
  const first = rejection(load(1));
  await sleep(0);
  const second = load(2);
  expect(await second).toBe(2);
  expect(starts).toEqual([0, 20]);
  expect(await first).toMatchObject({ reason: "superseded" });
});

inVirtualTime("a caller that is cancelled while it waits never starts (VERB-29)", async ({ elapsed }) => {
  let runs = 0;
  const load = latest(async () => {
    runs++;
    await shield(() => sleep(50));
  });
  const first = load();
  await sleep(1);
  const scope = new CancelScope({ timeout: 10 });
  await scope.run(() => load());
  expect([scope.cancelledCaught, elapsed(), runs]).toEqual([true, 11, 1]);
  // A run whose body returns a value has completed, although it was superseded.
  await first;
  await load();
  expect(runs).toBe(2);
});

test("20,000 calls that leave behind a deaf run keep no memory", async () => {
  const { code, output, errors } = await runScript(
    `
    import { moveOnAfter } from "@hother/cancelable";
    import { latest } from "@hother/cancelable/calls";
    const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
    const heap = async () => { await turn(); gc(); gc(); return process.memoryUsage().heapUsed; };
    const body = () => new Promise((resolve) => { release = resolve; });
    let release;
    // Without a grace a warning names the deaf run after 5 s.
    const call = latest(body, { grace: null });
    const leave = () => moveOnAfter(null, async (scope) => {
      const ended = call().catch(() => {});
      scope.cancel();
      await ended;
    });
    let leaveFirst;
    void moveOnAfter(null, (scope) => {
      leaveFirst = () => scope.cancel();
      return call();
    });
    while (release === undefined) await turn();
    leaveFirst();
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
