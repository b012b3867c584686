import {
  endProcess,
  exitCodeOf,
  ignoreEcho,
  keepingAlive,
  setExitCode,
  watchProgram,
  whenStillAlive,
  writeLine,
} from "#platform/program";
import { requireFunction } from "../arguments.ts";
import { Cancellable } from "../cancellable.ts";
import { formatSpan, type Span, toMilliseconds } from "../duration.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import type { SignalName } from "../sources/signal-source.ts";
import { oneLine } from "./one-line.ts";

export interface MainOptions {
  /**
   * How long the program may take to end after its cancellation or its end, in ms or as a `Duration`, before it is ended
   * at once. `null`: no bound. Default: 10 s.
   */
  readonly grace?: Span | undefined;
  /** The operating-system signals that cancel the program. Default: SIGINT and SIGTERM. */
  readonly signals?: SignalName | readonly SignalName[] | undefined;
}

const known: KnownOptions<MainOptions> = { grace: 1, signals: 1 };

/** The known facts about the end of the program. */
class Ending {
  readonly #grace: number;
  #signal: string | undefined;
  #hasFailed = false;
  #isBounded = false;

  constructor(grace: number) {
    this.#grace = grace;
  }

  /** Whether a line on stderr says why the program ends. */
  get isExplained(): boolean {
    return this.#signal !== undefined || this.#hasFailed;
  }

  /** A signal told the program to end. */
  signalled(signal: string): void {
    this.#signal = signal;
    const limit = Number.isFinite(this.#grace) ? `after ${formatSpan(this.#grace)}, or ` : "";
    writeLine(`Cancelled by ${signal}. Ends at once ${limit}with a second signal.`);
    this.begin();
  }

  /** The program cannot go on. */
  failed(why: string): void {
    this.#hasFailed = true;
    writeLine(why);
    this.begin();
  }

  /** Sets the exit code, which the program may have changed, and bounds the time until the end of the process. */
  begin(): void {
    if (this.#signal !== undefined) setExitCode(exitCodeOf(this.#signal));
    else if (this.#hasFailed) setExitCode(1);
    if (this.#isBounded) return;
    this.#isBounded = true;
    whenStillAlive(this.#grace, () => {
      if (!this.isExplained)
        writeLine(
          `Ended ${formatSpan(this.#grace)} after its body. Still open: ${keepingAlive().join(", ") || "unknown"}`,
        );
      endProcess(this.#signal);
    });
  }
}

/**
 * Runs `body` as the whole life of a program, in an operation with the name `main`. The first signal cancels it with the
 * reason `signal`; `body` cleans up, and the process ends by itself when nothing keeps it alive. A second signal, or the
 * end of `grace`, ends the process at once, as without this function. For 250 ms after a SIGINT a further SIGINT has no
 * effect, because npm and pnpm deliver one Ctrl-C twice.
 *
 * Resolves after the end of `body`, whatever the end was. After a signal, the exit code is 128 plus the number of the signal.
 * After a failure or an uncaught error, and if nothing is left that could wake `body`, the exit code is 1. Otherwise it is
 * the code that the program has set. One line on stderr says why the program did not end well.
 *
 * Only in the main thread of Node, Bun and Deno.
 *
 * @param body Gets the operation.
 * @throws TypeError or RangeError for a wrong argument, UsageError `ERR_UNSUPPORTED_HOST` in a browser.
 * @example
 * ```ts
 * import { sleep } from "@hother/cancelable";
 * import { main } from "@hother/cancelable/process";
 *
 * await main(async (op) => {
 *   try {
 *     for (let page = 1; page <= 3; page++) await sleep(5);
 *   } finally {
 *     await op.shield(async () => console.log("cleaned up"), { timeout: { seconds: 5 } });
 *   }
 * });
 * ```
 */
export async function main(body: (op: Cancellable) => unknown, options?: MainOptions): Promise<void> {
  requireFunction(body, "body");
  requireKnownOptions(options, known, "main");
  const { grace = 10_000, signals = ["SIGINT", "SIGTERM"] } = options ?? {};
  const ending = new Ending(toMilliseconds(grace, "options.grace"));
  const op = new Cancellable({ name: "main", signals });
  const stop = (why: string, cause?: unknown): void => {
    ending.failed(why);
    op.cancel("error", why, { cause });
  };
  const isCtrlC = (Array.isArray(signals) ? signals : [signals]).includes("SIGINT");
  const echo = isCtrlC ? ignoreEcho() : undefined;
  const watch = watchProgram({
    uncaught: (error) => stop(`Uncaught error: ${oneLine(error)}`, error),
    idle: () => {
      if (!ending.isExplained) stop("Nothing is left that could wake the program, whose body has not ended.");
    },
  });
  const subscription = op.token.onCancel(({ error }) => {
    if (error?.signal !== undefined) ending.signalled(error.signal);
  });
  const outcome = await op.settle(body);
  subscription[Symbol.dispose]();
  echo?.[Symbol.dispose]();
  watch[Symbol.dispose]();
  if (outcome.status === "failed") ending.failed(`Failed: ${oneLine(outcome.error)}`);
  else if (outcome.status === "cancelled" && !ending.isExplained)
    ending.failed(`Cancelled: ${outcome.error.message}`);
  else ending.begin();
}
