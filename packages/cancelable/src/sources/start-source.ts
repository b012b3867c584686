import type { CancellationDetail, CancellationReason } from "../errors.ts";
import { report } from "../reporter.ts";
import type { Clock } from "../runtime/clock.ts";
import { requireCancelArguments } from "../token/cancel.ts";
import type { CancelNode } from "../token/tree.ts";
import type { CancellationSource, SourceSink } from "./source.ts";

/** The listener of a started source: an operation or a composite source. */
export interface SourceTarget {
  readonly clock: Clock;
  /** A source has fired. `source` is the innermost source, also when it is a part of a composite. */
  fired(
    source: CancellationSource,
    reason: CancellationReason,
    message?: string,
    detail?: CancellationDetail,
  ): void;
  /** Takes over a deadline, and calls `expire` when the deadline passes. Without this method, a timer is used. */
  takeDeadline: ((at: number, expire: () => void) => void) | undefined;
  /** The node of the operation, which follows the polled nodes of its sources. */
  readonly node: CancelNode;
}

/** Internal extension of {@link SourceSink} for any-of and all-of. */
export interface CompositeSink extends SourceSink {
  readonly target: SourceTarget;
  /** As `trigger`, with the part of the composite that has fired as the origin. */
  triggerFrom(
    origin: CancellationSource,
    reason: CancellationReason,
    message?: string,
    detail?: CancellationDetail,
  ): void;
}

/** Starts a source for a target. Disposing stops the source. Errors during stopping go to the reporter. */
export function startSource(source: CancellationSource, target: SourceTarget): Disposable {
  const { clock } = target;
  const timers: Disposable[] = [];
  let isClosed = false;
  const sink: CompositeSink = {
    target,
    triggerFrom(origin, reason, message, detail) {
      if (isClosed) return;
      isClosed = true;
      source.markTriggered();
      target.fired(origin, reason, message, detail);
    },
    trigger(reason, message, detail) {
      requireCancelArguments(reason, message);
      sink.triggerFrom(source, reason, message, detail);
    },
    triggerAt(at, message, detail) {
      const expire = (): void => sink.trigger("timeout", message, detail);
      if (at === Number.POSITIVE_INFINITY) return;
      if (target.takeDeadline !== undefined) target.takeDeadline(at, expire);
      else timers.push(clock.setAlarm(at, expire));
    },
    now: () => clock.now(),
    epoch: () => clock.runtime.epoch(),
    setTimer: (at, fire) =>
      clock.setAlarm(at, () => {
        try {
          fire();
        } catch (error) {
          sink.report(error);
        }
      }),
    report: (error) => report(error, `source ${source.name}`),
  };
  const close = (): void => {
    isClosed = true;
    for (const timer of timers) timer[Symbol.dispose]();
  };
  let running: Disposable | undefined;
  try {
    running = source.start(sink);
  } catch (error) {
    close();
    throw error;
  }
  return {
    [Symbol.dispose]() {
      close();
      try {
        running?.[Symbol.dispose]();
      } catch (error) {
        report(error, `stopping source ${source.name}`);
      }
    },
  };
}

/** Starts several sources, in order. If a source throws, the sources before it are stopped and the error is thrown. */
export function startSources(sources: Iterable<CancellationSource>, target: SourceTarget): Disposable {
  const running: Disposable[] = [];
  const all: Disposable = {
    [Symbol.dispose]() {
      for (let one = running.pop(); one !== undefined; one = running.pop()) one[Symbol.dispose]();
    },
  };
  try {
    for (const source of sources) running.push(startSource(source, target));
  } catch (error) {
    all[Symbol.dispose]();
    throw error;
  }
  return all;
}
