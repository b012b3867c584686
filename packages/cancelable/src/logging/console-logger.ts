import { outOfRange, requireFunction, requireOptions } from "../arguments.ts";
import { type LogLevel, type LogMethod, logLevels, type OperationLogger } from "./logger.ts";

/** The part of a console that is used. */
export interface ConsoleLike {
  debug(...data: unknown[]): void;
  info(...data: unknown[]): void;
  warn(...data: unknown[]): void;
  error(...data: unknown[]): void;
}

export interface ConsoleLoggerOptions {
  /** What is less important is not written. Default: `"info"`. */
  readonly level?: LogLevel;
  /** Where to. Default: the global console, as it is when a line is written. */
  readonly console?: ConsoleLike;
}

/**
 * A console as a logger: each line is the message and then the fields, by the console's method of the same
 * name (`debug` for `trace`).
 *
 * @throws RangeError for an unknown level, TypeError for a console that lacks a method.
 *
 * @example
 * ```ts
 * import { Cancellable } from "@hother/cancelable";
 * import { consoleLogger, logOperations } from "@hother/cancelable/logging";
 *
 * const logging = logOperations(consoleLogger({ level: "warn" }));
 * await Cancellable.withTimeout(5, { name: "poll" }).settle((op) => op.sleep(1_000));
 * // operation "poll" was cancelled after 5ms: timeout, "Operation timed out after 5ms" { event: 'operation.cancelled', … }
 * logging[Symbol.dispose]();
 * ```
 */
export function consoleLogger(options?: ConsoleLoggerOptions): Required<OperationLogger> {
  requireOptions(options);
  const { level: least = "info", console: given } = options ?? {};
  if (!logLevels.includes(least)) throw outOfRange("options.level", `one of ${logLevels.join(", ")}`, least);
  if (given !== undefined) {
    for (const name of ["debug", "info", "warn", "error"] as const) {
      requireFunction((given as Partial<ConsoleLike> | null)?.[name], `options.console.${name}`);
    }
  }
  const methodOf = (level: LogLevel): LogMethod => {
    if (logLevels.indexOf(level) < logLevels.indexOf(least)) return () => {};
    const name = level === "trace" ? "debug" : level;
    // The message is a format, in which a name may have a per cent sign.
    return (fields, message) => (given ?? console)[name](message.replaceAll("%", "%%"), fields);
  };
  return {
    trace: methodOf("trace"),
    debug: methodOf("debug"),
    info: methodOf("info"),
    warn: methodOf("warn"),
    error: methodOf("error"),
  };
}
