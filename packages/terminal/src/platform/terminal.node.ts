import type { TerminalStream } from "../terminal/stream.ts";

const hide = "\u001b[?25l";
const show = "\u001b[?25h";
/** Those that end a process and that a terminal sends, or whoever stops a process. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export function standardOutput(): TerminalStream {
  return process.stdout;
}

/** What the environment asks of whoever writes to a terminal: https://no-color.org, and terminals that only print. */
export function terminalEnvironment(): { readonly colour: boolean; readonly dumb: boolean } {
  return { colour: !process.env.NO_COLOR, dumb: process.env.TERM === "dumb" };
}

/**
 * The cursor of a terminal, which is shown again when the process ends. Own code rather than `signal-exit`, which
 * log-update brings: that one ends the process when an operation's {@link SignalSource} has just taken the signal,
 * and was heard before it.
 */
export class Cursor implements Disposable {
  readonly #stream: TerminalStream;
  #hidden = false;
  readonly #onExit = this.show.bind(this);
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    // From here on nobody counts this listener: others of this kind decide by that whether they end the process.
    this.show();
    /* v8 ignore if -- @preserve ends the process: test/terminal/interrupted.test.ts sees it from outside */
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };

  constructor(stream: TerminalStream) {
    this.#stream = stream;
  }

  hide(): void {
    if (this.#hidden) return;
    this.#hidden = true;
    process.on("exit", this.#onExit);
    // First: it has to see who else listens before somebody lets go.
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
