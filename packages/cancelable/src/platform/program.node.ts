import { constants } from "node:os";

/** The events of a program besides signals. */
export interface ProgramEvents {
  /** An error that no code caught, thrown or as a rejection. */
  uncaught(error: unknown): void;
  /** Nothing is left that could wake the program. */
  idle(): void;
}

/** Calls the functions of `events` until it is disposed. While it listens, an uncaught error does not end the process. */
export function watchProgram(events: ProgramEvents): Disposable {
  const uncaught = (error: unknown): void => events.uncaught(error);
  const idle = (): void => events.idle();
  process.on("uncaughtException", uncaught);
  // Node makes an uncaught exception of such a rejection. Other hosts do not.
  process.on("unhandledRejection", uncaught);
  process.on("beforeExit", idle);
  return {
    [Symbol.dispose]() {
      process.off("uncaughtException", uncaught);
      process.off("unhandledRejection", uncaught);
      process.off("beforeExit", idle);
    },
  };
}

/** The exit code of shells for a signal: 128 plus its number. */
export function exitCodeOf(signal: string): number {
  return 128 + constants.signals[signal as NodeJS.Signals];
}

export function setExitCode(code: number): void {
  process.exitCode = code;
}

/** Writes one line to stderr. */
export function writeLine(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** How long one Ctrl-C may take to arrive twice, in ms. */
const echoMs = 250;

/**
 * Listens to SIGINT until some time after its first arrival, or until it is disposed, so that the default action of a second
 * arrival is not performed. A terminal sends SIGINT to each process of a command line, and npm and pnpm pass it on to the program
 * once more. The second arrival is not a wish of the user.
 */
export function ignoreEcho(): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => void process.off("SIGINT", listen);
  const listen = (): void => {
    timer ??= setTimeout(stop, echoMs).unref();
  };
  process.on("SIGINT", listen);
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      stop();
    },
  };
}

/** Calls `fn` after `ms`, unless the process has ended before. Such a timer does not keep the process alive. */
export function whenStillAlive(ms: number, fn: () => void): void {
  if (ms === Number.POSITIVE_INFINITY) return;
  // One timer of Node is not longer than this.
  const step = Math.min(Math.max(ms, 1), 2 ** 31 - 1);
  setTimeout(() => (step < ms ? whenStillAlive(ms - step, fn) : fn()), step).unref();
}

/** The kinds of the resources that keep the process alive. Empty if the host does not report them. */
export function keepingAlive(): readonly string[] {
  /* v8 ignore next -- @preserve hosts that are not Node: some do not have this function */
  return [...new Set((process as Partial<typeof process>).getActiveResourcesInfo?.() ?? [])];
}

/** Ends the process at once, by the default action of `signal` if there is one, and otherwise with the exit code. */
export function endProcess(signal: string | undefined): void {
  // On Windows a signal to itself has no exit code of its own.
  if (signal !== undefined && process.listenerCount(signal) === 0 && process.platform !== "win32")
    process.kill(process.pid, signal);
  else process.exit();
}
