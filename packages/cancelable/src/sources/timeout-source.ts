import { type Span, toMilliseconds } from "../duration.ts";
import { CancellationSource, type SourceSink } from "./source.ts";

/** Fires when a time span, counted from the start of the operation, is over. Reason `timeout`. */
export class TimeoutSource extends CancellationSource {
  /** Milliseconds; Infinity for no limit. */
  readonly timeoutMs: number;

  constructor(span: Span, name = "timeout") {
    super(name);
    this.timeoutMs = toMilliseconds(span, "span");
  }

  override start(sink: SourceSink): undefined {
    const { timeoutMs } = this;
    sink.triggerAt(sink.now() + timeoutMs, undefined, { timeoutMs });
  }
}
