import type { TerminalStream } from "./stream.ts";

const hide = "\u001b[?25l";
const show = "\u001b[?25h";
/** The signals that end a process by default and that a terminal or a process manager sends. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * The cursor of a terminal. The cursor is shown again when the process ends. log-update could do the same with
 * the package `signal-exit`, but `signal-exit` would end the process even if a `SignalSource` has just handled the
 * signal.
 */
export class Cursor implements Disposable {
  readonly #stream: TerminalStream;
  #hidden = false;
  readonly #onExit = this.show.bind(this);
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    // Removes this listener first: other handlers of this kind end the process only if no other listener is left.
    this.show();
    // Without a listener, the signal would have ended the process.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };

  constructor(stream: TerminalStream) {
    this.#stream = stream;
  }

  hide(): void {
    if (this.#hidden) return;
    this.#hidden = true;
    process.on("exit", this.#onExit);
    // This listener runs first, so it counts the other listeners before one of them removes itself.
    for (const signal of signals) process.prependListener(signal, this.#onSignal);
    this.#stream.write(hide);
  }

  show(): void {
    if (!this.#hidden) return;
    this.#hidden = false;
    process.removeListener("exit", this.#onExit);
    for (const signal of signals) process.removeListener(signal, this.#onSignal);
    this.#stream.write(show);
  }

  [Symbol.dispose](): void {
    this.show();
  }
}
