import { onAbort, requireSignal } from "../token/abort-signal.ts";
import { CancellationSource, type SourceSink } from "./source.ts";

/**
 * Fires when an `AbortSignal` is aborted. The reason is `timeout` for a `TimeoutError` and `manual` otherwise. The
 * reason of the signal becomes the `cause` of the error. The listener is removed when the operation ends.
 */
export class AbortSignalSource extends CancellationSource {
  readonly signal: AbortSignal;

  constructor(signal: AbortSignal, name = "abort-signal") {
    super(name);
    requireSignal(signal, "signal");
    this.signal = signal;
  }

  override start(sink: SourceSink): Disposable {
    return onAbort(this.signal, ({ reason, message }) => {
      sink.trigger(reason, message, { cause: this.signal.reason });
    });
  }
}
