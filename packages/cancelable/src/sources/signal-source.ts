import { listenToSignal, requireSignalName } from "#platform/signals";
import { CancellationSource, type SourceSink } from "./source.ts";

/** The name of an operating-system signal, such as `"SIGINT"`. */
export type SignalName = `SIG${string}`;

/**
 * Fires when the process gets one of some operating-system signals. Reason `signal`. Handlers are
 * shared by all sources; a source that has fired lets go of its handler, so that a second Ctrl-C does
 * what it would do without this library. Only in the main thread of Node, Bun and Deno.
 */
export class SignalSource extends CancellationSource {
  readonly signals: readonly SignalName[];

  /** @param signals Names. Default: SIGINT and SIGTERM. */
  constructor(...signals: SignalName[]) {
    super("signal");
    for (const [index, signal] of signals.entries()) requireSignalName(signal, `signals[${index}]`);
    this.signals = signals.length === 0 ? ["SIGINT", "SIGTERM"] : [...new Set(signals)];
  }

  override start(sink: SourceSink): Disposable {
    const listening: Disposable[] = [];
    const stop = (): void => {
      for (const one of listening.splice(0)) one[Symbol.dispose]();
    };
    for (const signal of this.signals) {
      listening.push(
        listenToSignal(signal, () => {
          stop();
          sink.trigger("signal", `Operation cancelled by signal ${signal}`, { signal });
        }),
      );
    }
    return { [Symbol.dispose]: stop };
  }
}
