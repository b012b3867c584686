import {
  activeHandles,
  type ListenerCounts,
  listenersOn,
  processListeners,
  type TimerWatch,
  watchTimers,
} from "#platform/leaks";
import { invalidType, outOfRange, requireFunction } from "../arguments.ts";
import { detectBackend, getBackend } from "../backends/detect.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import { type LiveScope, liveScopes } from "../inspect/index.ts";
import { requireKnownOptions } from "../known-options.ts";
import { AssertionError } from "./assertion-error.ts";
import { scopeNames } from "./live-names.ts";
import { VirtualBackend } from "./virtual-backend.ts";

/** An object with listeners: an event emitter, or an `AbortSignal` with `abort` listeners. */
export type Listened = ListenerCounts | AbortSignal;

/** The options of {@link expectNoLeaks}. */
export interface LeakOptions {
  /**
   * The objects whose listeners are counted, in addition to the process. The listeners of an `AbortSignal` cannot be
   * counted in a page or its workers. Default: none.
   */
  readonly listeners?: readonly Listened[] | undefined;
  /**
   * How long the timers and handles of the host may take to end, in milliseconds of real time or as a `Duration`. A
   * socket, for example, closes after `close()` has returned. Only a failing test waits this long. Default: 50 ms.
   */
  readonly settle?: Span | undefined;
  /**
   * Kinds of handles that are not counted, by the names in the message of the assertion. `fetch` keeps its sockets open
   * for later requests: `["TCPSocketWrap", "TLSWrap"]`. Default: none.
   */
  readonly ignore?: readonly string[] | undefined;
}

/** How many turns of the event loop work that is ending may take. */
const turnsToEnd = 3;
/** How many turns timers and handles have at least, if `settle` is over 0: a process that stands still lets none of them end. */
const turnsToSettle = 20;
/** Kinds of handles that end after a turn of the event loop, and therefore are not leaks. */
const shortLived: ReadonlySet<string> = new Set(["Immediate", "TickObject", "Microtask"]);
/** The real clock: saved, because a test can replace it with a fake. */
const realNow = performance.now.bind(performance);

/**
 * Runs `body` and asserts that it leaves nothing behind: no live operation, task or scope, no sleep or other wait, no
 * timer, no listener on the process or on `options.listeners`, and no handle (sockets, workers, watchers). Not every
 * host lists its timers and handles. Resolves with the value of `body`. The assertion compares counts from before and
 * after, so no other code may start or end meanwhile: do not use it in concurrent tests.
 *
 * @throws AssertionError that names each leak with the count before and after. The error of `body`; then nothing is
 * counted. TypeError or RangeError for invalid options.
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
  requireKnownOptions(options, { listeners: 1, settle: 1, ignore: 1 }, "expectNoLeaks");
  const targets = checkListened(options?.listeners);
  const ignored = checkIgnored(options?.ignore);
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
    // If virtual time moved, a sleep that was left behind would end and not be found.
    await (backend instanceof VirtualBackend ? backend.hold(working) : working);
  };
  const backends = [...new Set([backend, native])];
  const live = (): LiveScope[] => backends.flatMap((one) => liveScopes(one));

  await held(() => turns(turnsToEnd));
  const timers = watchTimers();
  try {
    const before = live();
    const known = new Set(before.map(({ id }) => id));
    const own = (scopes: readonly LiveScope[]): Counts => {
      const outer = scopes.filter(({ id }) => known.has(id));
      return countOwn(
        backend,
        outer.reduce((sum, { waits }) => sum + waits, 0),
        targets,
      );
    };
    const ownBefore = own(before);
    const hostBefore = countHost(timers, ignored);
    const value = await timers.run(body);
    const found: string[] = [];
    await held(async () => {
      await turns(turnsToEnd);
      const after = live();
      found.push(...scopeNames(after.filter(({ id }) => !known.has(id))), ...more(ownBefore, own(after)));
      let left = more(hostBefore, countHost(timers, ignored));
      const end = realNow() + settle;
      for (let turn = 0; left.length > 0; turn++) {
        if (realNow() >= end && (settle === 0 || turn >= turnsToSettle)) break;
        await turns(1);
        left = more(hostBefore, countHost(timers, ignored));
      }
      found.push(...left);
    });
    if (found.length === 0) return value;
    throw new AssertionError(`Expected no leaks, but found ${found.join("; ")}`);
  } finally {
    timers[Symbol.dispose]();
  }
}

type Counts = ReadonlyMap<string, number>;

/** Describes the counts that have increased. */
function more(before: Counts, after: Counts): string[] {
  const found: string[] = [];
  for (const [name, count] of after) {
    const earlier = before.get(name) ?? 0;
    if (count > earlier) found.push(`${name}: ${earlier} before, ${count} after`);
  }
  return found;
}

/** Counts waits, listeners and virtual timers. These end immediately or never, so they are counted once. */
function countOwn(backend: unknown, waits: number, targets: readonly Listened[]): Counts {
  const counts = new Map<string, number>();
  counts.set("waits and subscriptions in outer scopes", waits);
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

/** Counts the timers and handles of the host, by kind. These can take some turns to end. */
function countHost(timers: TimerWatch, ignored: ReadonlySet<string>): Counts {
  const counts = new Map([["timers", timers.count()]]);
  for (const kind of activeHandles()) {
    if (shortLived.has(kind) || ignored.has(kind)) continue;
    const name = `handles of kind ${kind}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function isEmitter(target: unknown): target is ListenerCounts {
  const { eventNames, listenerCount } = (target ?? {}) as Partial<ListenerCounts>;
  return typeof eventNames === "function" && typeof listenerCount === "function";
}

function checkIgnored(kinds: readonly string[] | undefined): ReadonlySet<string> {
  if (kinds !== undefined && !Array.isArray(kinds)) throw invalidType("options.ignore", "an array", kinds);
  for (const [index, kind] of (kinds ?? []).entries()) {
    if (typeof kind !== "string") throw invalidType(`options.ignore[${index}]`, "a string", kind);
  }
  return new Set(kinds);
}

function checkListened(targets: readonly Listened[] | undefined): readonly Listened[] {
  if (targets === undefined) return [];
  if (!Array.isArray(targets)) throw invalidType("options.listeners", "an array", targets);
  for (const [index, target] of targets.entries()) {
    if (isEmitter(target) || typeof (target as AbortSignal | null)?.aborted === "boolean") continue;
    throw invalidType(`options.listeners[${index}]`, "an event emitter or an AbortSignal", target);
  }
  return targets as readonly Listened[];
}
