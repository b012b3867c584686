import { DeadEnd, type Ready } from "./engine.ts";
import { predict } from "./model.ts";
import { byLane, type Event, type Program, type Trace } from "./program.ts";

/** The number of schedules that are searched for the exact order of the events, and of random ones for the order in each task. */
const mostSearched = 1_000;
const mostRandom = 300;

export interface Verdict {
  /** The number of schedules until the model found the trace; undefined if no schedule has it. */
  readonly schedules: number | undefined;
  /** The difference between model and library in the schedule that got furthest. */
  readonly difference: string;
}

type Choose = (ready: readonly Ready[]) => number;

/** One attempt of the model to reproduce the observed trace. */
interface Attempt {
  readonly seen: number;
  /** Undefined if the attempt reproduces the trace. */
  readonly difference: string | undefined;
}

/**
 * Whether the model can reproduce the observed trace. Where the rules leave open which task goes on first, it tries: each
 * task in turn; then schedules that lead to the observed order, with backtracking; then random schedules.
 */
export function compare(program: Program, observed: Trace): Verdict {
  let furthest: Attempt | undefined;
  let schedules = 0;
  const fits = (attempt: Attempt): boolean => {
    schedules++;
    if (furthest === undefined || attempt.seen > furthest.seen) furthest = attempt;
    return attempt.difference === undefined;
  };
  const random = generator(1);
  if (fits(replay(program, observed, false, () => () => 0))) return { schedules, difference: "" };
  if (search(program, observed, fits)) return { schedules, difference: "" };
  for (let i = 0; i < mostRandom; i++) {
    const bias = random();
    const attempt = replay(program, observed, false, (next) => (ready) => {
      if (random() < bias) {
        const index = ready.findIndex(({ lane }) => lane === undefined || lane === next()?.lane);
        if (index >= 0) return index;
      }
      return Math.floor(random() * ready.length);
    });
    if (fits(attempt)) return { schedules, difference: "" };
  }
  return { schedules: undefined, difference: furthest?.difference ?? "" };
}

/** Depth first, each time from the beginning, because a generator cannot go back. */
function search(program: Program, observed: Trace, fits: (attempt: Attempt) => boolean): boolean {
  /** The choices so far: the options in order of preference, and the current one. */
  const path: Array<{ readonly options: readonly number[]; at: number }> = [];
  for (let tried = 0; tried < mostSearched; tried++) {
    let depth = 0;
    const attempt = replay(program, observed, true, (next) => (ready) => {
      if (depth === path.length) {
        const lane = next()?.lane;
        const all = ready.map((_, index) => index);
        const rank = (index: number): number => {
          const { lane: whose } = ready[index] as Ready;
          return whose === undefined ? 0 : whose === lane ? 1 : 2;
        };
        path.push({ options: all.sort((a, b) => rank(a) - rank(b)), at: 0 });
      }
      const { options, at } = path[depth++] as (typeof path)[number];
      return options[at] as number;
    });
    if (fits(attempt)) return true;
    for (let last = path.pop(); last !== undefined; last = path.pop()) {
      if (++last.at === last.options.length) continue;
      path.push(last);
      break;
    }
    if (path.length === 0) return false;
  }
  return false;
}

/** @param strictly Compares the order over all tasks, not only the order inside each task. */
function replay(
  program: Program,
  observed: Trace,
  strictly: boolean,
  schedule: (next: () => Event | undefined) => Choose,
): Attempt {
  const lanes = byLane(observed.events);
  const counts = new Map<number, number>();
  let seen = 0;
  const observe = (event: Event): void => {
    const text = `${event.at} #${event.id} ${event.what}`;
    const place = counts.get(event.lane) ?? 0;
    const expected = lanes.get(event.lane)?.[place];
    if (text !== expected) throw new DeadEnd(`model: ${text}\nlibrary: ${expected ?? "nothing more"}`);
    const next = observed.events[seen];
    if (strictly && next?.id !== event.id) throw new DeadEnd(`model: ${text}\nlibrary, before: ${next?.id}`);
    counts.set(event.lane, place + 1);
    seen++;
  };
  try {
    const choose = schedule(() => observed.events[seen]);
    const { reported } = predict(program, choose, observe);
    if (seen < observed.events.length) {
      const left = observed.events.filter(
        ({ lane }) => (counts.get(lane) ?? 0) < (lanes.get(lane)?.length ?? 0),
      );
      const [first] = left;
      return { seen, difference: `model: nothing more\nlibrary: ${first?.at} #${first?.id} ${first?.what}` };
    }
    const same = [...reported].sort().join() === [...observed.reported].sort().join();
    return { seen, difference: same ? undefined : `reported: ${reported}\nlibrary: ${observed.reported}` };
  } catch (error) {
    if (error instanceof DeadEnd) return { seen, difference: error.message };
    throw error;
  }
}

/** A repeatable sequence of numbers in [0, 1) (mulberry32). */
function generator(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
