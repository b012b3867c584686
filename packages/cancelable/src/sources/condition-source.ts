import { captureContext } from "#platform/ambient";
import { isThenable, requireFunction, requireOptions } from "../arguments.ts";
import { type Span, toInterval } from "../duration.ts";
import { belongsTo } from "../errors.ts";
import { currentNode } from "../scope/ambient.ts";
import { CancellationSource, type SourceSink } from "./source.ts";

export interface ConditionOptions {
  /** Time from the end of one check to the beginning of the next. Default: 100 ms. */
  readonly interval?: Span;
  /** How messages and `context.metadata` call it. Default: the function's name, or "condition". */
  readonly name?: string;
}

/**
 * Fires when a predicate, sync or async, gives something true. Reason `condition`. The first check is
 * immediate; checks never overlap. A check that throws is reported, and the next one follows.
 */
export class ConditionSource extends CancellationSource {
  readonly intervalMs: number;
  readonly #predicate: () => unknown;

  constructor(predicate: () => boolean | PromiseLike<boolean>, options?: ConditionOptions) {
    requireFunction(predicate, "predicate");
    requireOptions(options);
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
      if (met)
        sink.trigger("condition", `Operation cancelled: ${this.name} condition met`, {
          conditionName: this.name,
        });
      else timer = sink.setTimer(sink.now() + this.intervalMs, () => inContext(check));
    };
    const broken = (error: unknown): void => {
      // A check that waited for something when its operation was cancelled is not a broken one.
      const cancellation = currentNode().pending();
      if (stopped || (cancellation !== undefined && belongsTo(error, cancellation.error))) return;
      sink.report(error);
      decide(false);
    };
    const check = (): void => {
      let met: unknown;
      try {
        met = this.#predicate();
        if (isThenable(met)) {
          met.then(decide, broken);
          return;
        }
      } catch (error) {
        broken(error);
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
