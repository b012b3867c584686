import { captureContext } from "#platform/ambient";
import { belongsTo } from "../absorb.ts";
import { isThenable, requireFunction } from "../arguments.ts";
import { type Span, toInterval } from "../duration.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { ambientNode } from "../scope/ambient.ts";
import { CancellationSource, type SourceSink } from "./source.ts";

export interface ConditionOptions {
  /** Time from the end of one check to the start of the next check. Default: 100 ms. */
  readonly interval?: Span | undefined;
  /** The name in messages and in `context.metadata.cancelledBy`. Default: the name of the function, or "condition". */
  readonly name?: string | undefined;
}

const known: KnownOptions<ConditionOptions> = { interval: 1, name: 1 };

/**
 * Fires when a predicate returns a truthy value, or a promise of one. Reason `condition`. The first check runs at
 * the start; checks never overlap. If a check throws, the error goes to the reporter, and the checks continue.
 */
export class ConditionSource extends CancellationSource {
  /** Milliseconds between two checks. */
  readonly intervalMs: number;
  readonly #predicate: () => unknown;

  constructor(predicate: () => boolean | PromiseLike<boolean>, options?: ConditionOptions) {
    requireFunction(predicate, "predicate");
    requireKnownOptions(options, known, "ConditionSource");
    super(options?.name ?? (predicate.name || "condition"));
    this.intervalMs =
      options?.interval === undefined ? 100 : toInterval(options.interval, "options.interval");
    this.#predicate = predicate;
  }

  override start(sink: SourceSink): Disposable {
    const inContext = captureContext();
    let stopped = false;
    let timer: Disposable | undefined;
    const decide = (met: unknown): void => {
      if (stopped) return;
      if (met) sink.trigger("condition", undefined, { conditionName: this.name });
      else timer = sink.setTimer(sink.now() + this.intervalMs, () => inContext(check));
    };
    const failed = (error: unknown): void => {
      // A check that throws the cancellation of its operation has not failed.
      const cancellation = ambientNode().pending();
      if (stopped || (cancellation !== undefined && belongsTo(error, cancellation.error))) return;
      sink.report(error);
      decide(false);
    };
    const check = (): void => {
      let met: unknown;
      try {
        met = this.#predicate();
        if (isThenable(met)) {
          met.then(decide, failed);
          return;
        }
      } catch (error) {
        failed(error);
        return;
      }
      decide(met);
    };
    check();
    return {
      [Symbol.dispose]() {
        stopped = true;
        timer?.[Symbol.dispose]();
      },
    };
  }
}
