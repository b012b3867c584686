import {
  activeHandles,
  type ListenerCounts,
  listenersOn,
  processListeners,
  type TimerWatch,
  watchTimers,
} from "#platform/leaks";
import { invalidType, outOfRange, requireFunction, requireOptions } from "../arguments.ts";
import { detectBackend, getBackend } from "../backends/detect.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import { liveScopes, scopeNames, waitCount } from "../inspect/live-scopes.ts";
import { rootOf } from "../scope/root.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { AssertionError } from "./assertion-error.ts";
import { VirtualBackend } from "./virtual-backend.ts";

/** Something whose listeners are counted: an event emitter, or an `AbortSignal` (its `abort` listeners). */
export type Listened = ListenerCounts | AbortSignal;

/** What {@link expectNoLeaks} may be told. */
export interface LeakOptions {
  /**
   * Whose listeners to count, beside those of the process. `AbortSignal`s only where the host tells: not in
   * a page or its workers. Default: none.
   */
  readonly listeners?: readonly Listened[];
  /**
   * How long timers and handles of the host may take to go, in milliseconds of real time or as a `Duration`:
   * sockets close later than `close()` returns. Default: 50 ms; only a test that fails waits so long.
   */
  readonly settle?: Span;
}

/** So many turns of the event loop are given to what is on its way out. */
const turnsToEnd = 3;
/** Over after a turn, and so no leak. */
const passing: ReadonlySet<string> = new Set(["Immediate", "TickObject", "Microtask"]);
/** The real clock, whoever fakes it later. */
const realNow = performance.now.bind(performance);

/**
 * Runs `body` and asserts that nothing of it stays when it has ended: no operation, task or scope that still
 * runs, no sleep or other wait, no timer, no listener on the process (operating-system signals) or on what is
 * given, and no handle (sockets, workers, watchers), as far as the host tells. Resolves with the body's value. Counts are compared, so
 * nothing else may start or end meanwhile: no concurrent tests.
 *
 * @throws AssertionError that names what stayed, each with the count before and after. What the body throws, and
 * then nothing is counted. TypeError or RangeError for options that cannot be right.
 * @example
 * ```ts
 * import { Cancellable, sleep } from "@hother/cancelable";
 * import { expectNoLeaks } from "@hother/cancelable/testing";
 *
 * const controller = new AbortController();
 * await expectNoLeaks(() => Cancellable.withAbortSignal(controller.signal).run(() => sleep(5)), {
 *   listeners: [controller.signal],
 * });
 * ```
 */
export async function expectNoLeaks<T>(body: () => T | PromiseLike<T>, options?: LeakOptions): Promise<T> {
  requireFunction(body, "body");
  requireOptions(options);
  const targets = listenedTo(options?.listeners);
  const allowed = options?.settle === undefined ? 50 : options.settle;
  const settle = toMilliseconds(allowed, "options.settle");
  if (!(settle >= 0) || settle === Number.POSITIVE_INFINITY) {
    throw outOfRange("options.settle", "at least 0, and finite", allowed);
  }
  const native = getBackend("native");
  const backend = detectBackend();
  const turns = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await new Promise<void>((resolve) => void native.turn(resolve));
  };
  const held = async (work: () => Promise<void>): Promise<void> => {
    const working = work();
    // Time that moved on would let what was left behind end.
    await (backend instanceof VirtualBackend ? backend.hold(working) : working);
  };
  const roots = [...new Set([rootOf(backend.clock), rootOf(native.clock)])];
  const live = (): ScopeNode[] => roots.flatMap((root) => [root, ...liveScopes(root)]);

  await held(() => turns(turnsToEnd));
  const timers = watchTimers();
  try {
    const known = new Set(live());
    const own = (): Counts => countOwn(backend, waitCount([...known]), targets);
    const ownBefore = own();
    const hostBefore = countHost(timers);
    const value = await timers.run(body);
    const found: string[] = [];
    await held(async () => {
      await turns(turnsToEnd);
      found.push(...scopeNames(live().filter((node) => !known.has(node))), ...more(ownBefore, own()));
      let left = more(hostBefore, countHost(timers));
      for (const end = realNow() + settle; left.length > 0 && realNow() < end; ) {
        await turns(1);
        left = more(hostBefore, countHost(timers));
      }
      found.push(...left);
    });
    if (found.length === 0) return value;
    throw new AssertionError(`Expected nothing to stay, but found ${found.join("; ")}`);
  } finally {
    timers[Symbol.dispose]();
  }
}

type Counts = ReadonlyMap<string, number>;

/** What there is more of than before, by name. */
function more(before: Counts, after: Counts): string[] {
  const found: string[] = [];
  for (const [name, count] of after) {
    const earlier = before.get(name) ?? 0;
    if (count > earlier) found.push(`${name}: ${earlier} before, ${count} after`);
  }
  return found;
}

/** Waits, listeners, and timers in virtual time: these are gone at once or not at all. */
function countOwn(backend: unknown, waits: number, targets: readonly Listened[]): Counts {
  const counts = new Map<string, number>();
  counts.set("waits and subscriptions in scopes around", waits);
  if (backend instanceof VirtualBackend) counts.set("timers of the virtual backend", backend.timerCount);
  const count = (emitter: ListenerCounts, name: string): void => {
    for (const event of emitter.eventNames()) {
      counts.set(`"${String(event)}" listeners of ${name}`, emitter.listenerCount(event));
    }
  };
  count(processListeners, "the process");
  for (const [index, target] of targets.entries()) {
    const name = `listeners[${index}] (${target.constructor.name})`;
    if (isEmitter(target)) count(target, name);
    else counts.set(`"abort" listeners of ${name}`, listenersOn(target, "abort"));
  }
  return counts;
}

/** Timers and handles of the host, by kind. */
function countHost(timers: TimerWatch): Counts {
  const counts = new Map([["timers", timers.count()]]);
  for (const kind of activeHandles()) {
    if (passing.has(kind)) continue;
    const name = `handles of kind ${kind}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function isEmitter(target: unknown): target is ListenerCounts {
  const { eventNames, listenerCount } = (target ?? {}) as Partial<ListenerCounts>;
  return typeof eventNames === "function" && typeof listenerCount === "function";
}

function listenedTo(given: readonly Listened[] | undefined): readonly Listened[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw invalidType("options.listeners", "an array", given);
  for (const [index, target] of given.entries()) {
    if (isEmitter(target) || typeof (target as AbortSignal | null)?.aborted === "boolean") continue;
    throw invalidType(`options.listeners[${index}]`, "an event emitter or an AbortSignal", target);
  }
  return given as readonly Listened[];
}
