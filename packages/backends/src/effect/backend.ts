import {
  AsyncBackend,
  CancellationError,
  type CancelScope,
  NativeTask,
  type TaskHandle,
} from "@hother/cancelable";
import { Cause, Clock, Context, Duration, Effect, Exit, Fiber, Scheduler } from "effect";
import { type AnyFiber, ending, forkChildOf, interruptFor, interruption } from "./fiber.ts";

/** Fibers of timers. They run no code of users, so they are not native tasks. */
const timers = new WeakSet<AnyFiber>();

/** How often the fiber of a timer yields before it ends. See {@link yieldAfterTimer}. */
const yieldsAfterTimer = 4;

/**
 * The backend for Effect. The children of a task group are child fibers of the fiber in which the group runs. Time
 * comes from the `Clock` service. Each clock has its own backend.
 */
export class EffectBackend extends AsyncBackend {
  override readonly name = "effect";
  readonly #context: Context.Context<never>;
  readonly #clock: Clock.Clock;

  constructor(context: Context.Context<never>) {
    super();
    this.#context = context;
    this.#clock = Context.get(context, Clock.Clock);
  }

  override now(): number {
    return Number(this.#clock.monotonicTimeNanosUnsafe()) / 1e6;
  }

  override epoch(): number {
    return this.#clock.currentTimeMillisUnsafe();
  }

  override setTimer(at: number, fire: () => void): Disposable {
    // At most a year, because an infinite sleep would not keep the process alive.
    const wait: Effect.Effect<void> = Effect.suspend(() => {
      const left = Math.min(at - this.now(), 31_536_000_000);
      if (left <= 0) return Effect.sync(fire);
      return Effect.flatMap(this.#clock.sleep(Duration.millis(Math.ceil(left))), () => wait);
    });
    // `fire` must not be called inside this call, even if `at` is in the past.
    const later = at <= this.now() ? Effect.andThen(Effect.yieldNow, wait) : wait;
    const fiber = this.#fork(Effect.andThen(later, yieldAfterTimer));
    timers.add(fiber);
    return { [Symbol.dispose]: () => fiber.interruptUnsafe() };
  }

  override current(): AnyFiber | undefined {
    const fiber = Fiber.getCurrent();
    return fiber === undefined || timers.has(fiber) ? undefined : fiber;
  }

  protected override scopeOf(fiber: unknown): CancelScope {
    return taskOf(fiber as AnyFiber).scope;
  }

  override start<T>(scope: CancelScope, main: (scope: CancelScope) => T | PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const shadow = this.#shadow(scope, () => {
        const result = super.start(scope, main);
        result.then(resolve, reject);
        return result;
      });
      this.#forkBelow(this.fiberOf(scope), shadow);
    });
  }

  override spawn<T>(
    scope: CancelScope,
    body: () => T | PromiseLike<T>,
    owner: CancelScope = scope,
  ): TaskHandle<T> {
    const task = this.createTask<T>(scope);
    this.startLater(scope, () => {
      const begin = (): Promise<void> =>
        new Promise((resolve, reject) => {
          task.execute(body, () => (task.status === "completed" ? resolve() : reject(task.error)));
        });
      this.#forkBelow(this.fiberOf(owner), this.#shadow(scope, begin));
    });
    return task;
  }

  /** The fiber in which `scope` runs. */
  fiberOf(scope: CancelScope): AnyFiber | undefined {
    return this.nativeOf(scope) as AnyFiber | undefined;
  }

  /** Starts an effect as a child fiber of `parent`. Cancelling `scope` interrupts the new fiber. */
  forkIn<A, E>(
    scope: CancelScope,
    effect: Effect.Effect<A, E>,
    parent: AnyFiber | undefined = this.fiberOf(scope),
  ): Fiber.Fiber<A, E> {
    const fiber = this.#forkBelow(parent, effect);
    const listening = this.onCancelled(scope, (error) => interruptFor(fiber, error));
    fiber.addObserver(() => listening[Symbol.dispose]());
    return fiber;
  }

  /** @internal */
  taskFor(fiber: AnyFiber): NativeTask {
    let ended = false;
    const end = (task: NativeTask): Promise<void> => {
      // `task.end` cancels the scope, but the fiber has already ended and must not be interrupted.
      ended = true;
      return task.end(ending(fiber));
    };
    return new NativeTask(this, {
      used: (task) => {
        this.setNative(task.scope, fiber);
        const listening = this.onCancelled(task.scope, (error) => {
          if (!ended) interruptFor(fiber, error);
        });
        fiber.addObserver(() => {
          listening[Symbol.dispose]();
          void end(task);
        });
      },
      // A fiber waits for its children before it ends. A child fiber that waits for the library code makes it wait for
      // the library code too.
      busy: (task) => {
        if (bridging === fiber) return;
        const idle = Effect.callback<void>((resume) => void task.idle().then(() => resume(Effect.void)));
        forkChildOf(
          fiber,
          Effect.onInterrupt(idle, () => Effect.promise(() => end(task))),
        );
      },
    });
  }

  #fork<A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> {
    return Effect.runForkWith(this.#context)(effect);
  }

  #forkBelow<A, E>(parent: AnyFiber | undefined, effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> {
    return parent === undefined ? this.#fork(effect) : forkChildOf(parent, effect);
  }

  /**
   * An effect whose fiber represents the library code in `scope`. Interrupting the fiber cancels the scope and waits
   * for the code. In the other direction, a cancelled scope ends the code first, and the fiber is interrupted after
   * that: an earlier interruption would reach child fibers whose code is shielded.
   */
  #shadow(scope: CancelScope, begin: () => PromiseLike<unknown>): Effect.Effect<void, unknown> {
    return Effect.withFiber((fiber) => {
      this.setNative(scope, fiber);
      let ended = false;
      let work: PromiseLike<unknown> | undefined;
      const waiting = Effect.callback<void, unknown>((resume) => {
        work = begin();
        work.then(
          () => {
            ended = true;
            resume(Effect.void);
          },
          (error: unknown) => {
            ended = true;
            const cancellation = asCancellation(error);
            if (cancellation === undefined) resume(Effect.fail(error));
            else interruptFor(fiber, cancellation);
          },
        );
      });
      return Effect.onExit(waiting, (exit) => {
        if (ended || work === undefined || Exit.isSuccess(exit) || !Cause.hasInterrupts(exit.cause))
          return Effect.void;
        scope.cancel("parent", interruption(fiber, exit.cause));
        return settled(work, scope);
      });
    });
  }
}

/** The `try` is for errors that throw when they are inspected, such as revoked proxies. */
function asCancellation(error: unknown): CancellationError | undefined {
  try {
    return error instanceof CancellationError ? error : undefined;
  } catch {
    return undefined;
  }
}

/** Waits until cancelled work has settled. An error other than the cancellation becomes the failure of the effect. */
export function settled<E = never>(
  work: PromiseLike<unknown>,
  cancelled: { readonly error?: unknown },
  failed: (error: unknown) => Effect.Effect<void, E> = Effect.die,
): Effect.Effect<void, E> {
  return Effect.callback((resume) => {
    work.then(
      () => resume(Effect.void),
      (error: unknown) => {
        const own = cancelled.error;
        resume(own !== undefined && error === own ? Effect.void : failed(error));
      },
    );
  });
}

/**
 * Keeps the fiber of a timer alive while the code that the timer has woken runs. `TestClock` moves its time when no
 * fiber is runnable, and this code must run first.
 */
const yieldAfterTimer: Effect.Effect<void> = Effect.suspend(() => {
  let turns: Effect.Effect<void> = Effect.void;
  for (let i = 0; i < yieldsAfterTimer; i++) turns = Effect.andThen(turns, Effect.yieldNow);
  return turns;
});

/** The fiber in {@link enterFiber}. It already waits for the library code that starts in it. */
let bridging: AnyFiber | undefined;

/** Calls `fn` in the scope of `fiber`. For effects that wait for everything that `fn` starts. */
export function enterFiber<R>(fiber: AnyFiber, fn: () => R): R {
  const before = bridging;
  bridging = fiber;
  try {
    return taskOf(fiber).enter(fn, undefined);
  } finally {
    bridging = before;
  }
}

const tasks = new WeakMap<AnyFiber, NativeTask>();
const backends = new WeakMap<Clock.Clock, EffectBackend>();

/** The backend with the clock of the host. */
export const effectBackend: EffectBackend = new EffectBackend(Context.empty());
backends.set(Context.get(Context.empty(), Clock.Clock), effectBackend);

/** The backend with the clock of a fiber. */
export function backendOf(fiber: AnyFiber): EffectBackend {
  const clock = fiber.getRef(Clock.Clock);
  let backend = backends.get(clock);
  if (backend === undefined) {
    // Other services are omitted: they belong to one program, but several programs can share the clock.
    const scheduler = Context.make(Scheduler.Scheduler, fiber.getRef(Scheduler.Scheduler));
    backend = new EffectBackend(Context.add(scheduler, Clock.Clock, clock));
    backends.set(clock, backend);
  }
  return backend;
}

/** The native task of a fiber: its place in the tree of scopes. */
export function taskOf(fiber: AnyFiber): NativeTask {
  let task = tasks.get(fiber);
  if (task === undefined) {
    task = backendOf(fiber).taskFor(fiber);
    tasks.set(fiber, task);
  }
  return task;
}
