import { requireFunction, requireOptions } from "../arguments.ts";
import { run } from "../backends/run.ts";
import { formatSpan, type Span, toInterval } from "../duration.ts";
import { liveScopes, scopeNames, taskNames } from "../inspect/live-scopes.ts";
import type { CancelScope } from "../scope/cancel-scope.ts";
import { AssertionError } from "./assertion-error.ts";
import { VirtualBackend, type VirtualBackendOptions } from "./virtual-backend.ts";

/** The real ones, whoever fakes them later. */
const { setInterval, clearInterval } = globalThis;
/** How often to look whether time is stuck, in real milliseconds. */
const lookEvery = 20;

/** `test` of vitest, node:test, or any other runner that takes a title and an async function, whatever it passes to that. */
export type TestFunction = (title: string, body: (...args: any[]) => Promise<void>) => unknown;

/** The options of the test's {@link VirtualBackend}, and how patient it is. */
export interface VirtualTestOptions extends VirtualBackendOptions {
  /**
   * How long nothing may happen before time counts as stuck, in milliseconds of real time or as a
   * `Duration`. Default: 1 s.
   */
  readonly patience?: Span;
}

/** A test in virtual time; returns what the runner's `test` returns. */
export type VirtualTest = (
  title: string,
  body: (backend: VirtualBackend) => unknown,
  options?: VirtualTestOptions,
) => unknown;

/**
 * A runner's `test`, with everything it has, and `test.virtual(title, body, options?)`: the body runs in
 * `run(…, { backend })` on a {@link VirtualBackend} of its own, which it is given. The `test` that is handed in stays
 * as it is; `withVirtual(test.only)` and the like work too.
 *
 * When every task waits, no timer is set and nothing of the real world is held, the body is cancelled and the test
 * fails with an `AssertionError` that says how many tasks wait and which, instead of hanging. With
 * `autoJump: false` set timers do not count, because nobody moves the time. Promises that wait for the real world
 * for longer than `patience` belong into `backend.hold(…)`.
 *
 * @throws TypeError if `test` is no function; the tests themselves, for options that cannot be right.
 * @example
 * ```ts
 * import { test as nodeTest } from "node:test";
 * import { moveOnAfter, sleepForever } from "@hother/cancelable";
 * import { withVirtual } from "@hother/cancelable/testing";
 *
 * const test = withVirtual(nodeTest);
 *
 * test.virtual("it gives up after an hour", async (backend) => {
 *   await moveOnAfter({ hours: 1 }, () => sleepForever());
 *   console.assert(backend.now() === 3_600_000);
 * });
 * ```
 */
export function withVirtual<T extends TestFunction>(test: T): T & { readonly virtual: VirtualTest } {
  requireFunction(test, "test");
  const virtual: VirtualTest = (title, body, options) => {
    requireFunction(body, "body");
    requireOptions(options);
    return test(title, () => runVirtual(body, options));
  };
  return new Proxy(test, {
    get: (target, key): unknown => (key === "virtual" ? virtual : Reflect.get(target, key)),
  }) as T & { readonly virtual: VirtualTest };
}

/** Counts what shows that somebody is not blocked. */
class WatchedBackend extends VirtualBackend {
  activity = 0;
  #holds = 0;

  /** Whether no timer and nothing that is held can wake anybody. */
  get nothingComes(): boolean {
    return this.#holds === 0 && (this.timerCount === 0 || !this.autoJump);
  }

  override setTimer(at: number, fire: () => void): Disposable {
    this.activity++;
    return super.setTimer(at, fire);
  }

  override turn(fn: () => void): () => void {
    this.activity++;
    return super.turn(fn);
  }

  override hold<T>(work: PromiseLike<T>): PromiseLike<T> {
    const held = super.hold(work);
    this.#holds++;
    const release = (): void => {
      this.#holds--;
      this.activity++;
    };
    work.then(release, release);
    return held;
  }
}

async function runVirtual(
  body: (backend: VirtualBackend) => unknown,
  options: VirtualTestOptions | undefined,
): Promise<void> {
  const patience = toInterval(options?.patience === undefined ? 1_000 : options.patience, "options.patience");
  const backend = new WatchedBackend(options);
  let scope: CancelScope | undefined;
  let bodyEnded = false;
  let failure: AssertionError | undefined;
  let watch: ReturnType<typeof setInterval> | undefined;
  const stuck = new Promise<void>((resolve) => {
    let quiet = 0;
    let before = -1;
    watch = setInterval(() => {
      quiet = backend.nothingComes && backend.activity === before ? quiet + lookEvery : 0;
      before = backend.activity;
      if (quiet < patience || failure !== undefined || scope === undefined) return;
      failure = stuckError(backend, scope, bodyEnded);
      scope.cancel("error", failure.message);
      // What can end on that does, before the next test.
      backend.untilIdle().then(resolve, resolve);
    }, lookEvery);
  });
  try {
    const main = run(
      async (own) => {
        scope = own;
        await body(backend);
        bodyEnded = true;
      },
      { backend },
    );
    await Promise.race([main, stuck]);
  } catch (error) {
    throw failure ?? error;
  } finally {
    clearInterval(watch);
  }
  if (failure !== undefined) throw failure;
}

function stuckError(backend: VirtualBackend, scope: CancelScope, bodyEnded: boolean): AssertionError {
  const live = liveScopes(scope.node);
  if (bodyEnded) {
    return new AssertionError(
      `Time is stuck at ${formatSpan(backend.now())}: the body of the test has ended, ` +
        `and what it started has not (${scopeNames(live).join("; ")})`,
    );
  }
  const names = ["the body of the test", ...taskNames(live)];
  const shown = names.length > 10 ? [...names.slice(0, 10), "…"] : names;
  const timers = backend.timerCount;
  const why =
    timers === 0
      ? "and no timer is set, so that nothing can wake them"
      : `for ${timers} timer${timers > 1 ? "s" : ""}, and nobody calls advance()`;
  return new AssertionError(
    `Time is stuck at ${formatSpan(backend.now())}: ${names.length} task${names.length > 1 ? "s wait" : " waits"} ` +
      `${why} (${shown.join(", ")}). What waits for the real world goes into backend.hold(…)`,
  );
}
