import { outOfRange, requireFunction } from "../arguments.ts";
import { requireKnownOptions } from "../known-options.ts";
import { type LogLevel, type LogMethod, logLevels, type OperationLogger } from "./logger.ts";

/** The methods of a console that the logger calls. */
export interface ConsoleLike {
  debug(...data: unknown[]): void;
  info(...data: unknown[]): void;
  warn(...data: unknown[]): void;
  error(...data: unknown[]): void;
}

export interface ConsoleLoggerOptions {
  /** The lowest level that is written. Default: `"info"`. */
  readonly level?: LogLevel | undefined;
  /** The console to write to. Default: the global `console` at the time of each line. */
  readonly console?: ConsoleLike | undefined;
}

/**
 * Returns a logger that writes to a console. Each line consists of the message and the fields. It is written by the
 * method of the console with the name of the level; `trace` uses `debug`.
 *
 * @throws RangeError for an unknown level. TypeError for a console without one of the methods.
 *
 * @example
 * ```ts
 * import { Cancellable } from "@hother/cancelable";
 * import { consoleLogger, logOperations } from "@hother/cancelable/logging";
 *
 * const logging = logOperations(consoleLogger({ level: "warn" }));
 * await Cancellable.withTimeout(5, { name: "poll" }).settle((op) => op.sleep(1_000));
 * // operation "poll" was cancelled after 5 ms: timeout, "timed out after 5 ms" { event: 'operation.cancelled', … }
 * logging[Symbol.dispose]();
 * ```
 */
export function consoleLogger(options?: ConsoleLoggerOptions): Required<OperationLogger> {
  requireKnownOptions(options, { level: 1, console: 1 }, "consoleLogger");
  const { level: lowest = "info", console: target } = options ?? {};
  if (!logLevels.includes(lowest))
    throw outOfRange("options.level", `one of ${logLevels.join(", ")}`, lowest);
  if (target !== undefined) {
    for (const name of ["debug", "info", "warn", "error"] as const) {
      requireFunction((target as Partial<ConsoleLike> | null)?.[name], `options.console.${name}`);
    }
  }
  const methodOf = (level: LogLevel): LogMethod => {
    if (logLevels.indexOf(level) < logLevels.indexOf(lowest)) return () => {};
    const name = level === "trace" ? "debug" : level;
    // A console treats the message as a format string, and the name of an operation can contain a percent sign.
    return (fields, message) => (target ?? console)[name](message.replaceAll("%", "%%"), fields);
  };
  return {
    trace: methodOf("trace"),
    debug: methodOf("debug"),
    info: methodOf("info"),
    warn: methodOf("warn"),
    error: methodOf("error"),
  };
}
