import { type CancellationReason, requireReason } from "../errors.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { onAbort, requireSignal } from "../token/abort-signal.ts";
import { CancellationSource, type SourceSink } from "./source.ts";

export interface AbortSignalOptions {
  /**
   * The reason of the cancellation. Default: the reason of the error if the signal was aborted with an error of this
   * library, `timeout` for a `TimeoutError`, and `manual` otherwise.
   */
  readonly reason?: CancellationReason;
  /** The name in messages and in `context.metadata.cancelledBy`. Default: `"abort-signal"`. */
  readonly name?: string;
}

const known: KnownOptions<AbortSignalOptions> = { reason: 1, name: 1 };

/**
 * Fires when an `AbortSignal` is aborted. The reason of the signal becomes the `cause` of the error. The listener is
 * removed when the operation ends.
 *
 * @example
 * ```ts
 * import { AbortSignalSource, Cancellable } from "@hother/cancelable";
 *
 * const socket = new AbortController();
 * const op = new Cancellable().addSource(new AbortSignalSource(socket.signal, { reason: "disconnect" }));
 * const ended = op.settle(() => op.sleep({ hours: 1 }));
 * socket.abort();
 * await ended;
 * console.assert(op.context.cancelReason === "disconnect");
 * ```
 */
export class AbortSignalSource extends CancellationSource {
  readonly signal: AbortSignal;
  readonly #reason: CancellationReason | undefined;

  constructor(signal: AbortSignal, options?: AbortSignalOptions) {
    requireKnownOptions(options, known, "AbortSignalSource");
    super(options?.name ?? "abort-signal");
    requireSignal(signal, "signal");
    this.signal = signal;
    this.#reason = options?.reason;
    if (this.#reason !== undefined) requireReason(this.#reason, "options.reason");
  }

  override start(sink: SourceSink): Disposable {
    return onAbort(this.signal, ({ reason, message }) => {
      sink.trigger(this.#reason ?? reason, message, { cause: this.signal.reason, fromSignal: true });
    });
  }
}
