import { mock } from "node:test";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  Cancellable,
  CancelScope,
  checkpoint,
  getBackend,
  moveOnAfter,
  sleep,
  sleepForever,
  taskGroup,
  waitFor,
} from "../../src/index.ts";
import { runScript } from "../child.ts";

const realImmediate = globalThis.setImmediate;
const realNow = performance.now.bind(performance);

/** Lets microtasks and turns of the event loop pass. Neither is faked here. */
const turns = (): Promise<void> =>
  new Promise((resolve) => void realImmediate(() => realImmediate(() => resolve())));

/** Real work that blocks the thread. */
function work(ms: number): void {
  for (const start = realNow(); realNow() - start < ms; );
}

afterEach(() => {
  mock.timers.reset();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Fake timers that leave the clock alone. `tick` is synchronous. */
const withoutClock = [
  {
    name: "vitest's fake timers, without the clock",
    enable: () => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }),
    tick: (ms: number) => void vi.advanceTimersByTime(ms),
  },
  {
    name: "node:test's mock timers",
    enable: () => mock.timers.enable({ apis: ["setTimeout"] }),
    tick: (ms: number) => mock.timers.tick(ms),
  },
  {
    name: "node:test's mock timers, with the date",
    enable: () => mock.timers.enable({ apis: ["setTimeout", "Date"] }),
    tick: (ms: number) => mock.timers.tick(ms),
  },
];

const fakes = [
  {
    name: "vitest's fake timers",
    enable: () => void vi.useFakeTimers(),
    tick: (ms: number) => void vi.advanceTimersByTime(ms),
  },
  ...withoutClock,
];

/** Starts a sleep. The result states whether the sleep has ended. */
function sleeper(ms: number): { readonly woke: boolean } {
  const state = { woke: false };
  void sleep(ms).then(() => {
    state.woke = true;
  });
  return state;
}

describe.each(fakes)("$name", ({ enable, tick }) => {
  test("a sleep that starts later does not move the sleeps before it", async () => {
    enable();
    const long = sleeper(1_000);
    tick(500);
    await turns();
    const short = sleeper(100);
    tick(99);
    await turns();
    expect([short.woke, long.woke]).toEqual([false, false]);
    tick(1);
    await turns();
    expect([short.woke, long.woke]).toEqual([true, false]);
    const last = sleeper(400);
    tick(399);
    await turns();
    expect([long.woke, last.woke]).toEqual([false, false]);
    tick(1);
    await turns();
    expect([long.woke, last.woke]).toEqual([true, true]);
  });

  test("two sleeps that overlap each take their own time", async () => {
    enable();
    const first = sleeper(100);
    tick(99);
    await turns();
    const second = sleeper(100);
    tick(1);
    await turns();
    expect([first.woke, second.woke]).toEqual([true, false]);
    tick(98);
    await turns();
    expect(second.woke).toBe(false);
    tick(1);
    await turns();
    expect(second.woke).toBe(true);
  });

  test("real work shifts no sleep and no deadline", async () => {
    enable();
    const first = sleeper(1_000);
    work(8);
    const second = sleeper(1_000);
    work(8);
    tick(999);
    await turns();
    expect([first.woke, second.woke]).toEqual([false, false]);
    tick(1);
    await turns();
    expect([first.woke, second.woke]).toEqual([true, true]);
    const limited = await moveOnAfter(5, async () => {
      work(8);
      await checkpoint();
      return "in time";
    });
    expect(limited).toBe("in time");
  });

  test("one step of the fake time reaches every deadline in it, before the step returns", async () => {
    enable();
    const seen: string[] = [];
    const operations = [100, 200, 400].map((ms) => {
      const op = Cancellable.withTimeout(ms);
      op.token.signal.addEventListener("abort", () => seen.push(`abort ${ms}`));
      return { op, outcome: op.settle(() => sleepForever()) };
    });
    const sleeps = [sleeper(100), sleeper(200), sleeper(400)];
    await turns();
    tick(300);
    expect(operations.map(({ op }) => op.isCancelled)).toEqual([true, true, false]);
    expect(seen).toEqual(["abort 100", "abort 200"]);
    await turns();
    expect(sleeps.map(({ woke }) => woke)).toEqual([true, true, false]);
    tick(100);
    expect(operations[2]?.op.isCancelled).toBe(true);
    await Promise.all(operations.map(({ outcome }) => outcome));
  });

  test("a limit does not expire one millisecond early", async () => {
    enable();
    let ended = false;
    const limited = moveOnAfter(1_000, () => sleep(5_000)).then(() => {
      ended = true;
    });
    await turns();
    tick(999);
    await turns();
    expect(ended).toBe(false);
    tick(1);
    await limited;
  });

  test("sleeps one after the other add up exactly", async () => {
    enable();
    let done = 0;
    const running = taskGroup((group) => {
      group.startSoon(async () => {
        for (const ms of [100, 1.5, 250, 0.5]) {
          await sleep(ms);
          done++;
          work(3);
        }
      });
    });
    const counts: number[] = [];
    // A fraction of a millisecond counts as a whole one, as in plain timers.
    for (const step of [99, 1, 1, 1, 249, 1, 1]) {
      await turns();
      tick(step);
      await turns();
      counts.push(done);
    }
    expect(counts).toEqual([0, 1, 1, 2, 2, 3, 4]);
    await running;
  });

  test("a deadline that is extended after a sleep ends at the exact fake time", async () => {
    enable();
    const op = Cancellable.withTimeout(1_000);
    const outcome = op.settle(async () => {
      await sleep(600);
      op.extend(1_000);
      await sleepForever();
    });
    await turns();
    tick(600);
    await turns();
    tick(1_399);
    expect(op.isCancelled).toBe(false);
    tick(1);
    expect(op.isCancelled).toBe(true);
    await outcome;
  });

  test("a deadline that is moved or removed is not called at its old time", async () => {
    enable();
    const moved = new CancelScope({ timeout: 100 });
    const left = new CancelScope({ timeout: 100 });
    const running = moved.run(() => sleepForever());
    await left.run(() => {});
    moved.deadline = getBackend("native").now() + 300;
    tick(299);
    expect([moved.cancelCalled, left.cancelCalled]).toEqual([false, false]);
    tick(1);
    expect([moved.cancelCalled, left.cancelCalled]).toEqual([true, false]);
    await running;
  });
});

describe.each(withoutClock)("$name, beside real timers", ({ enable, tick }) => {
  test("the clock never goes back, whether timers are faked or not", async () => {
    const backend = getBackend("native");
    const times: number[] = [];
    const read = (): void => void times.push(backend.now());
    for (let round = 0; round < 3; round++) {
      read();
      enable();
      read();
      const sleeping = sleep(1_000);
      tick(1_000);
      await sleeping;
      read();
      mock.timers.reset();
      vi.useRealTimers();
      read();
      work(2);
    }
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect((times.at(-1) as number) - (times[0] as number)).toBeGreaterThanOrEqual(3_000);
  });

  test("a real timer that was set before ends its sleep while timers are faked", async () => {
    const real = sleep(20);
    enable();
    const faked = sleeper(60_000);
    await real;
    expect(faked.woke).toBe(false);
    tick(60_000);
    await turns();
    expect(faked.woke).toBe(true);
  });
});

test("a sleep for ever adds no fake timer, so that pending timers can be run to the last one", async () => {
  for (const toFake of [undefined, ["setTimeout", "clearTimeout"] as const]) {
    vi.useFakeTimers(toFake === undefined ? {} : { toFake: [...toFake] });
    const op = Cancellable.withTimeout(60_000);
    const outcome = op.settle(() => sleepForever());
    await turns();
    expect(vi.getTimerCount()).toBe(1);
    vi.runAllTimers();
    expect(await outcome).toMatchObject({ status: "cancelled" });
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  }
});

test("a wrapped setTimeout is no fake: the clock of the host goes on", async () => {
  const { setTimeout: original } = globalThis;
  vi.stubGlobal("setTimeout", (fire: () => void, ms: number) => original(fire, ms));
  const start = realNow();
  await sleep(5);
  expect(realNow() - start).toBeGreaterThanOrEqual(4);
  expect(
    await moveOnAfter(5, async () => {
      work(8);
      await checkpoint();
    }),
  ).toBeUndefined();
  await expect(moveOnAfter(5, () => sleepForever())).resolves.toBeUndefined();
});

test("the clock follows fake timers that are not known", async () => {
  const timers: Array<{ fire: () => void; ms: number }> = [];
  vi.stubGlobal("setTimeout", (fire: () => void, ms: number) => timers.push({ fire, ms }));
  vi.stubGlobal("clearTimeout", () => {});
  const { now } = getBackend("native");
  const start = now();
  const sleeping = sleep(30_000);
  expect(timers.length).toBe(1);
  timers[0]?.fire();
  await sleeping;
  expect(now() - start).toBeGreaterThanOrEqual(30_000);
  // Known from now on: a call that need not wait gets no turn of the real loop.
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  await waitFor(() => {});
  await waitFor(() => work(10));
  expect(turned).toBe(false);
});

test("time that passes between two looks at the clock makes no sleep shorter", async () => {
  const slowClock = "let at = 0; performance.now = () => (at += 2);";
  const { code, output, errors } = await runScript(
    `
    import { mock } from "node:test";
    import { moveOnAfter, sleep } from "@hother/cancelable";
    mock.timers.enable({ apis: ["setTimeout"] });
    let ended = false;
    const limited = moveOnAfter(1_000, () => sleep(5_000)).then(() => { ended = true; });
    await new Promise(setImmediate);
    mock.timers.tick(999);
    await new Promise(setImmediate);
    console.log(ended);
    mock.timers.tick(1);
    await limited;
    console.log(ended);
  `,
    ["--no-warnings", "--import", `data:text/javascript,${encodeURIComponent(slowClock)}`],
  );
  expect([errors, code, output]).toEqual(["", 0, "false\ntrue\n"]);
});
