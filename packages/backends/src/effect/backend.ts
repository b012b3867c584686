import {
  AsyncBackend,
  CancellationError,
  type CancelScope,
  NativeTask,
  type TaskHandle,
} from "@hother/cancelable";
import { Cause, Clock, Context, Duration, Effect, Exit, Fiber, Scheduler } from "effect";
import { type AnyFiber, ending, forkChildOf, interruptFor, interruption } from "./fiber.ts";

/** Fibers that only wait for the time: no code of users belongs to them. */
const timers = new WeakSet<AnyFiber>();

/** How often a timer gives way before its fiber ends, for a clock that stands until everybody is blocked. */
const turnsAfterTimer = 4;

/**
 * Effect as a runtime: children of groups are fibers, below the fiber that the group runs in; time is that
 * of the `Clock` service. There is one backend for each clock.
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
    // A year instead of Infinity: an endless sleep would not keep the process alive.
    const wait: Effect.Effect<void> = Effect.suspend(() => {
      const left = Math.min(at - this.now(), 31_536_000_000);
      if (left <= 0) return Effect.sync(fire);
      return Effect.flatMap(this.#clock.sleep(Duration.millis(Math.ceil(left))), () => wait);
    });
    // Never inside this call, also where the time has come already.
    const later = at <= this.now() ? Effect.andThen(Effect.yieldNow, wait) : wait;
    const fiber = this.#fork(Effect.andThen(later, giveWay));
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

  /** The fiber that `scope` runs in. */
  fiberOf(scope: CancelScope): AnyFiber | undefined {
    return this.nativeOf(scope) as AnyFiber | undefined;
  }

  /** Starts an effect as a child of a fiber: by default the one that `scope` runs in. Cancelling the scope interrupts it. */
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
      // What is cancelled from here on is what the fiber left running: the fiber has its result.
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
      // A child is waited for when its parent ends: so is what this library runs in the parent.
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
   * A fiber that stands for library code: interrupting it cancels `scope` and waits. When the scope is
   * cancelled the code ends by itself, and only then the fiber is interrupted for it: fibers below it may
   * stand for code that is shielded from that.
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

/** Safe against errors that throw when they are looked at. */
function asCancellation(error: unknown): CancellationError | undefined {
  try {
    return error instanceof CancellationError ? error : undefined;
  } catch {
    return undefined;
  }
}

/** Waits for cancelled work; an error that is not the cancellation is kept, beside the interruption. */
export function settled<E = never>(
  work: PromiseLike<unknown>,
  cancelled: { readonly error?: unknown },
  failed: (error: unknown) => Effect.Effect<void, E> = Effect.die,
): Effect.Effect<void, E> {
  return Effect.callback((resume) => {
    work.then(
      () => resume(Effect.void),
      (error: unknown) => resume(error === cancelled.error ? Effect.void : failed(error)),
    );
  });
}

/** Lets what a timer woke run before the fiber that waited is seen to be done (`TestClock` looks at that). */
const giveWay: Effect.Effect<void> = Effect.suspend(() => {
  let turns: Effect.Effect<void> = Effect.void;
  for (let i = 0; i < turnsAfterTimer; i++) turns = Effect.andThen(turns, Effect.yieldNow);
  return turns;
});

/** The fiber that waits by itself for what starts in it now. */
let bridging: AnyFiber | undefined;

/** Calls `fn` in `fiber`'s place in the tree, for an effect that waits for what `fn` starts. */
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

/** The backend on the host's clock. */
export const effectBackend: EffectBackend = new EffectBackend(Context.empty());
backends.set(Context.get(Context.empty(), Clock.Clock), effectBackend);

/** The backend on the clock that a fiber has. */
export function backendOf(fiber: AnyFiber): EffectBackend {
  const clock = fiber.getRef(Clock.Clock);
  let backend = backends.get(clock);
  if (backend === undefined) {
    // No other services: they are one program's, and the clock may be many programs'.
    const scheduler = Context.make(Scheduler.Scheduler, fiber.getRef(Scheduler.Scheduler));
    backend = new EffectBackend(Context.add(scheduler, Clock.Clock, clock));
    backends.set(clock, backend);
  }
  return backend;
}

/** A fiber's place in the tree. */
export function taskOf(fiber: AnyFiber): NativeTask {
  let task = tasks.get(fiber);
  if (task === undefined) {
    task = backendOf(fiber).taskFor(fiber);
    tasks.set(fiber, task);
  }
  return task;
}
