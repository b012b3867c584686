import { onAbort, requireSignal } from "../token/abort-signal.ts";
import { CancellationSource, type SourceSink } from "./source.ts";

/**
 * Fires when an `AbortSignal` is aborted: reason `timeout` for a `TimeoutError`, else `manual`; the
 * signal's own reason is the error's `cause`. One listener, removed when the operation ends.
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
