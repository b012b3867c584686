import { type EffectBackend, effectBackend } from "@hother/cancelable-backends/effect";
import { effectionBackend } from "@hother/cancelable-backends/effection";
import { Clock, Context, Duration, Effect } from "effect";
import { type AsyncBackend, getBackend } from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { FrameBackend } from "../frame-backend.ts";
import { FakedHost } from "./faked-host.ts";

/** A backend with a clock that stands until every task is blocked, so that every backend has exact times. */
export interface Host extends Disposable {
  readonly backend: AsyncBackend;
  readonly timerCount: number;
  /** Blocks the thread: time passes, and no timer fires. */
  block(ms: number): void;
  /** Moves time until `running` has settled. */
  drive<T>(running: Promise<T>): Promise<T>;
}

/** The hosts by the names of their backends. */
export const hosts: Readonly<Record<string, () => Host>> = {
  virtual: virtualHost,
  native: () => fakedHost(() => getBackend("native")),
  effect: () => fakedHost(effectOn),
  effection: () => fakedHost(() => effectionBackend),
  frames: () => fakedHost(() => new DueFrames()),
};

function virtualHost(): Host {
  const backend = new VirtualBackend();
  return {
    backend,
    get timerCount() {
      return backend.timerCount;
    },
    block: (ms) => backend.pass(ms),
    drive: (running) => running,
    [Symbol.dispose]() {},
  };
}

function fakedHost(create: (host: FakedHost) => AsyncBackend): Host {
  const host = new FakedHost();
  return {
    backend: create(host),
    get timerCount() {
      return host.timerCount;
    },
    block(ms) {
      host.now += ms;
    },
    async drive(running) {
      let settled = false;
      const settle = (): void => {
        settled = true;
      };
      running.then(settle, settle);
      await quiet();
      while (!settled) {
        if (!host.moveToNext()) throw new Error("every task waits, and no timer is set");
        await quiet();
      }
      return running;
    },
    [Symbol.dispose]: () => host[Symbol.dispose](),
  };
}

/** So many turns of the event loop, and every task is blocked: an Effect fiber needs several to start or to end. */
const quietTurns = 8;

async function quiet(): Promise<void> {
  for (let turn = 0; turn < quietTurns; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Effect's own clock keeps the timers of the host that it found when it was loaded. */
function effectOn(host: FakedHost): EffectBackend {
  const clock: Clock.Clock = {
    ...Context.get(Context.empty(), Clock.Clock),
    monotonicTimeNanosUnsafe: () => BigInt(Math.round(host.now * 1e6)),
    sleep: (duration) =>
      Effect.callback<void>((resume) => {
        const timer = host.setTimeout(() => resume(Effect.void), Duration.toMillis(duration));
        return Effect.sync(() => host.clearTimeout(timer));
      }),
  };
  const OnClock = effectBackend.constructor as new (context: Context.Context<never>) => EffectBackend;
  return new OnClock(Context.make(Clock.Clock, clock) as Context.Context<never>);
}

/** A frame in which no timer is due does nothing: the host's time moves from one timer to the next. */
class DueFrames extends FrameBackend {
  override setTimer(at: number, fire: () => void): Disposable {
    const frame = setTimeout(() => {}, at - this.now());
    const timer = super.setTimer(at, () => {
      clearTimeout(frame);
      fire();
    });
    return {
      [Symbol.dispose]() {
        clearTimeout(frame);
        timer[Symbol.dispose]();
      },
    };
  }
}
