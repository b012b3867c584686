import { requireFunction } from "../arguments.ts";
import { run } from "../backends/run.ts";
import { formatSpan, type Span, toInterval } from "../duration.ts";
import { liveScopes } from "../inspect/index.ts";
import { requireKnownOptions } from "../known-options.ts";
import type { CancelScope } from "../scope/cancel-scope.ts";
import { selfWaitsOn } from "../scope/self-wait.ts";
import { AssertionError } from "./assertion-error.ts";
import { scopeNames, taskNames } from "./live-names.ts";
import { VirtualBackend, type VirtualBackendOptions, virtualBackendOptions } from "./virtual-backend.ts";

/** The real timers: saved, because a test can replace them with fakes. */
const { setInterval, clearInterval } = globalThis;
/** The time between two checks whether time is stuck, in real milliseconds. */
const checkInterval = 20;

/** `test` of vitest, node:test, or another runner that takes a title and an async function. */
export type TestFunction = (title: string, body: (...args: any[]) => Promise<void>) => unknown;

/** The options of `test.virtual`, with the options of its {@link VirtualBackend}. */
export interface VirtualTestOptions extends VirtualBackendOptions {
  /**
   * The time without any activity after which time counts as stuck, in milliseconds of real time or as a `Duration`.
   * Default: 1 s.
   */
  readonly patience?: Span | undefined;
}

/** Declares a test in virtual time. Returns the result of the runner's `test`. */
export interface VirtualTest {
  (title: string, body: (backend: VirtualBackend) => unknown, options?: VirtualTestOptions): unknown;
  /** As `test.skip` of the runner. */
  readonly skip: VirtualTest;
  /** As `test.only` of the runner. */
  readonly only: VirtualTest;
  /** As `test.each` of the runner: one test for each case. A case that is an array is spread. */
  each<const T>(
    cases: readonly T[],
  ): (
    title: string,
    body: (backend: VirtualBackend, ...values: T extends readonly unknown[] ? [...T] : [T]) => unknown,
    options?: VirtualTestOptions,
  ) => unknown;
  /** As `test.for` of vitest: one test for each case, which is passed as it is. */
  for<T>(
    cases: readonly T[],
  ): (
    title: string,
    body: (backend: VirtualBackend, value: T) => unknown,
    options?: VirtualTestOptions,
  ) => unknown;
}

/**
 * Returns a test function like `test`, with the additional method `test.virtual(title, body, options?)`. The body runs
 * in `run(…, { backend })` on a new {@link VirtualBackend}, and gets this backend as its argument. `test` itself is not
 * changed. `test.virtual.skip`, `only`, `each` and `for` use the functions of the runner with these names.
 *
 * A test whose time is stuck fails and does not hang. Time is stuck when every task waits, no timer is set, and no
 * promise is held. The body is then cancelled, and the `AssertionError` lists the waiting tasks. With `autoJump:
 * false`, timers do not count, because they fire only in `advance()`. Pass promises that wait for the real world for
 * longer than `patience` to `backend.hold()`.
 *
 * @throws TypeError if `test` is not a function. A test with invalid options throws when it is declared or run.
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
  const virtual = virtualOf(test);
  return new Proxy(test, {
    get: (target, key): unknown => (key === "virtual" ? virtual : Reflect.get(target, key)),
  }) as T & { readonly virtual: VirtualTest };
}

/** The functions of a runner's `test` that are used, if the runner has them. */
interface RunnerTest extends TestFunction {
  readonly skip?: TestFunction;
  readonly only?: TestFunction;
  readonly each?: (cases: readonly unknown[]) => TestFunction;
  readonly for?: (cases: readonly unknown[]) => TestFunction;
}

/** `test.virtual` for a runner's `test`. */
function virtualOf(test: RunnerTest): VirtualTest {
  const ofCases = (kind: "each" | "for", cases: readonly unknown[]) => {
    requireFunction(test[kind], `test.${kind}`);
    const declare = (test[kind] as NonNullable<RunnerTest["each"]>)(cases);
    return (
      title: string,
      body: (backend: VirtualBackend, ...values: never[]) => unknown,
      options?: VirtualTestOptions,
    ): unknown => {
      requireBody(body, options);
      // The runner of `for` adds a context of its own.
      const run = (values: unknown[]): Promise<void> =>
        runVirtual((backend) => body(backend, ...(values as never[])), options);
      return kind === "each"
        ? declare(title, (...values: unknown[]) => run(values))
        : declare(title, (value: unknown) => run([value]));
    };
  };
  const virtual = (
    title: string,
    body: (backend: VirtualBackend) => unknown,
    options?: VirtualTestOptions,
  ): unknown => {
    requireBody(body, options);
    return test(title, () => runVirtual(body, options));
  };
  const other = (kind: "skip" | "only"): VirtualTest => {
    requireFunction(test[kind], `test.${kind}`);
    return virtualOf(test[kind] as RunnerTest);
  };
  return Object.defineProperties(virtual, {
    skip: { get: () => other("skip") },
    only: { get: () => other("only") },
    each: { value: (cases: readonly unknown[]) => ofCases("each", cases) },
    for: { value: (cases: readonly unknown[]) => ofCases("for", cases) },
  }) as VirtualTest;
}

function requireBody(body: unknown, options: VirtualTestOptions | undefined): void {
  requireFunction(body, "body");
  requireKnownOptions(options, { ...virtualBackendOptions, patience: 1 }, "test.virtual");
}

/** A virtual backend that counts activity. */
class WatchedBackend extends VirtualBackend {
  /** Increases with every timer, turn and end of a hold: these show that some code runs. */
  activity = 0;
  #holds = 0;

  /** Whether no timer and no held promise can wake a task. */
  get isStill(): boolean {
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
  const { patience: given = 1_000, ...ofBackend } = options ?? {};
  const patience = toInterval(given, "options.patience");
  const backend = new WatchedBackend(ofBackend);
  let scope: CancelScope | undefined;
  let bodyEnded = false;
  let failure: AssertionError | undefined;
  let watch: ReturnType<typeof setInterval> | undefined;
  const stuck = new Promise<void>((resolve) => {
    let quiet = 0;
    let before = -1;
    watch = setInterval(() => {
      quiet = backend.isStill && backend.activity === before ? quiet + checkInterval : 0;
      before = backend.activity;
      if (quiet < patience || failure !== undefined || scope === undefined) return;
      failure = stuckError(backend, scope, bodyEnded);
      scope.cancel("error", failure.message);
      // Code that reacts to the cancellation ends before the next test starts.
      backend.untilIdle().then(resolve, resolve);
    }, checkInterval);
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
  const live = liveScopes(scope).slice(1); // without the scope of the test itself
  if (bodyEnded) {
    return new AssertionError(
      `Time is stuck at ${formatSpan(backend.now())}: the body of the test has ended, ` +
        `but some of the scopes that it started have not (${scopeNames(live).join("; ")})`,
    );
  }
  const names = ["the body of the test", ...taskNames(live)];
  const shown = names.length > 10 ? [...names.slice(0, 10), "…"] : names;
  const timers = backend.timerCount;
  const selfWaits = selfWaitsOn(backend.clock)
    .map((message) => `${message} `)
    .join("");
  const why =
    timers === 0
      ? "and no timer is set"
      : `for ${timers} timer${timers > 1 ? "s" : ""}, and autoJump is off, so only advance() moves the time`;
  return new AssertionError(
    `Time is stuck at ${formatSpan(backend.now())}: ${names.length} task${names.length > 1 ? "s wait" : " waits"} ` +
      `${why} (${shown.join(", ")}). ${selfWaits}Pass promises that wait for the real world to backend.hold()`,
  );
}
