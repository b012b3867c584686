import { type EffectBackend, effectBackend } from "@hother/cancelable-backends/effect";
import { effectionBackend } from "@hother/cancelable-backends/effection";
import { Clock, Context, Duration, Effect } from "effect";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type AsyncBackend, getBackend } from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { compare } from "./compare.ts";
import { programs } from "./generate.ts";
import { interpret, type Ran } from "./interpreter.ts";
import { bodiesOf, countSteps, type Program, print, type Step } from "./program.ts";
import { replayed, runs, seeds } from "./settings.ts";

const unhandled: unknown[] = [];
const listener = (error: unknown): void => void unhandled.push(error);

beforeEach(() => {
  process.on("unhandledRejection", listener);
  // Operations whose body takes long to end write warnings.
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  process.off("unhandledRejection", listener);
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** The counts over all programs of a test. */
interface Tally {
  programs: number;
  steps: number;
  events: number;
  inTurn: number;
}

/** Checks a program's run against the model, and checks that nothing is left. */
function judge(program: Program, ran: Ran, timers: number, tally: Tally): void {
  const verdict = compare(program, ran);
  tally.programs++;
  tally.steps += countSteps(program.root);
  tally.events += ran.events.length;
  if (verdict.schedules === 1) tally.inTurn++;
  if (verdict.schedules === undefined) {
    const trace = ran.events.map(({ at, id, what }) => `${at} #${id} ${what}`).join("\n");
    expect.fail(`${print(program)}\n\n${verdict.difference}\n\nwhat the library did:\n${trace}`);
  }
  expect({ left: ran.left, timers, unhandled: unhandled.splice(0) }).toEqual({
    left: [],
    timers: 0,
    unhandled: [],
  });
}

const realImmediate = globalThis.setImmediate;

/** Enough turns of the event loop for every runtime to do everything that can be done now. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => realImmediate(resolve));
}

/** Effect keeps the clock that it found when it was loaded. This clock reads the faked time at each use. */
const clock: Clock.Clock = {
  ...Context.get(Context.empty(), Clock.Clock),
  currentTimeMillisUnsafe: () => Date.now(),
  monotonicTimeNanosUnsafe: () => BigInt(Math.round(performance.now() * 1e6)),
  sleep: (duration) =>
    Effect.callback<void>((resume) => {
      const timer = setTimeout(() => resume(Effect.void), Duration.toMillis(duration));
      return Effect.sync(() => clearTimeout(timer));
    }),
};
const EffectOn = effectBackend.constructor as new (context: Context.Context<never>) => EffectBackend;
const effectOnFakes = new EffectOn(Context.make(Clock.Clock, clock) as Context.Context<never>);

/** Runs a program on the host's timers, which are faked: time moves when nothing can go on. */
async function onFakeTimers(program: Program, backend: AsyncBackend): Promise<Ran> {
  let ran: Ran | undefined;
  const running = interpret(program, backend, () => {}).then((result) => {
    ran = result;
  });
  await turns(quiet);
  for (let moved = 0; ran === undefined; moved++) {
    if (moved > 1_000 || vi.getTimerCount() === 0)
      expect.fail(`nothing happens any more in\n${print(program)}`);
    vi.advanceTimersToNextTimer();
    await turns(quiet);
  }
  await running;
  return ran;
}

/** The turns that a fiber needs to start or to end. */
const quiet = 8;

describe("random programs do what the model predicts", () => {
  test.each(seeds)(
    "in virtual time [seed %i]",
    async (seed) => {
      const tally: Tally = { programs: 0, steps: 0, events: 0, inTurn: 0 };
      await fc.assert(
        fc.asyncProperty(programs({ exact: true }), async (program) => {
          const backend = new VirtualBackend();
          const ran = await interpret(program, backend, (ms) => backend.pass(ms));
          await turns(1);
          judge(program, ran, backend.timerCount, tally);
        }),
        { seed, numRuns: runs, ...replayed },
      );
      console.info(`virtual time, seed ${seed}: ${JSON.stringify(tally)}`);
      expect(tally.programs).toBeGreaterThanOrEqual(runs);
    },
    600_000,
  );

  test.each(
    seeds.flatMap((seed) =>
      [getBackend("native"), effectOnFakes, effectionBackend].map((on) => [on.name, seed, on] as const),
    ),
  )(
    "on %s, on faked timers [seed %i]",
    async (_, seed, backend) => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "hrtime", "Date"] });
      const tally: Tally = { programs: 0, steps: 0, events: 0, inTurn: 0 };
      await fc.assert(
        fc.asyncProperty(programs({ exact: false }), async (program) => {
          const ran = await onFakeTimers(program, backend);
          judge(program, ran, vi.getTimerCount(), tally);
          vi.clearAllTimers();
        }),
        { seed, numRuns: Math.ceil(runs / 10) },
      );
      console.info(`${backend.name}, seed ${seed}: ${JSON.stringify(tally)}`);
      expect(tally.programs).toBeGreaterThanOrEqual(Math.ceil(runs / 10));
    },
    600_000,
  );
});
