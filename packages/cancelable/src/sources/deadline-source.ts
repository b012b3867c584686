import { toEpoch } from "../duration.ts";
import { CancellationSource, type SourceSink } from "./source.ts";

/**
 * Fires at a moment of the wall clock. Reason `timeout`. The moment is converted to the monotonic clock of the
 * backend at the start, so a later change of the wall clock has no effect.
 */
export class DeadlineSource extends CancellationSource {
  /** Epoch milliseconds. */
  readonly deadline: number;

  constructor(deadline: Date | number, name = "deadline") {
    super(name);
    this.deadline = toEpoch(deadline, "deadline");
  }

  override start(sink: SourceSink): undefined {
    const { deadline } = this;
    const text = Math.abs(deadline) <= 8.64e15 ? new Date(deadline).toISOString() : "never";
    sink.triggerAt(sink.now() + (deadline - sink.epoch()), undefined, { deadline: text });
  }
}
