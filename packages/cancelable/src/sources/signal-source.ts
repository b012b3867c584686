import { listenToSignal, requireSignalName } from "#platform/signals";
import { CancellationSource, type SourceSink } from "./source.ts";

/** The name of an operating-system signal that a program can handle. Not every host has all of them. */
export type SignalName =
  | `SIG${"ABRT" | "ALRM" | "BREAK" | "BUS" | "CHLD" | "CONT" | "FPE" | "HUP" | "ILL" | "INFO" | "INT"}`
  | `SIG${"IO" | "IOT" | "LOST" | "PIPE" | "POLL" | "PROF" | "PWR" | "QUIT" | "SEGV" | "STKFLT" | "SYS"}`
  | `SIG${"TERM" | "TRAP" | "TSTP" | "TTIN" | "TTOU" | "UNUSED" | "URG" | "USR1" | "USR2" | "VTALRM"}`
  | `SIG${"WINCH" | "XCPU" | "XFSZ"}`;

/**
 * Fires when the process receives one of the given operating-system signals. Reason `signal`. All sources share one
 * handler per signal. A source that has fired removes its handler, so that a second Ctrl-C has its default effect.
 * Only in the main thread of Node, Bun and Deno.
 */
export class SignalSource extends CancellationSource {
  /** The names of the signals. */
  readonly signals: readonly SignalName[];

  /** @param signals The names of the signals. Default: SIGINT and SIGTERM. */
  constructor(...signals: SignalName[]) {
    super("signal");
    for (const [index, signal] of signals.entries()) requireSignalName(signal, `signals[${index}]`);
    this.signals = signals.length === 0 ? ["SIGINT", "SIGTERM"] : [...new Set(signals)];
  }

  override start(sink: SourceSink): Disposable {
    const listeners: Disposable[] = [];
    const stop = (): void => {
      for (const listener of listeners.splice(0)) listener[Symbol.dispose]();
    };
    for (const signal of this.signals) {
      listeners.push(
        listenToSignal(signal, () => {
          stop();
          sink.trigger("signal", undefined, { signal });
        }),
      );
    }
    return { [Symbol.dispose]: stop };
  }
}
