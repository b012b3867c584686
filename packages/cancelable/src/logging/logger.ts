import { invalidType } from "../arguments.ts";

/** Where a line of the log belongs, from the least important on. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

/** From the least important on. */
export const logLevels: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error"];

/** Writes a line: what it is about as data, and a sentence for people. */
export type LogMethod = (fields: Record<string, unknown>, message: string) => void;

/**
 * Where lines go. Loggers of pino and bunyan have this form; {@link consoleLogger} makes one of a console.
 * Only the methods of the levels that are used are called.
 */
export type OperationLogger = { readonly [level in LogLevel]?: LogMethod };

/** Checks that there is a method for each of the levels that will be used. */
export function requireLogger(logger: unknown, levels: Iterable<LogLevel>): void {
  if (logger === null || (typeof logger !== "object" && typeof logger !== "function")) {
    throw invalidType("logger", "a logger with the methods of pino's", logger);
  }
  for (const level of levels) {
    const method: unknown = (logger as OperationLogger)[level];
    if (typeof method !== "function") throw invalidType(`logger.${level}`, "a function", method);
  }
}
