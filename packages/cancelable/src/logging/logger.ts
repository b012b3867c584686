import { invalidType } from "../arguments.ts";

/** The importance of a line, in ascending order. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

/** All levels, in ascending order. */
export const logLevels: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error"];

/** Writes a line: the fields for programs, and the message for people. */
export type LogMethod = (fields: Record<string, unknown>, message: string) => void;

/**
 * A logger. Loggers of pino and bunyan have this type, and {@link consoleLogger} returns one for a console. Only the
 * methods of the used levels are required.
 */
export type OperationLogger = { readonly [level in LogLevel]?: LogMethod };

/** Checks that the logger has a method for each of the levels. */
export function requireLogger(logger: unknown, levels: Iterable<LogLevel>): void {
  if (logger === null || (typeof logger !== "object" && typeof logger !== "function")) {
    throw invalidType("logger", "a logger with pino's methods", logger);
  }
  for (const level of levels) {
    const method: unknown = (logger as OperationLogger)[level];
    if (typeof method !== "function") throw invalidType(`logger.${level}`, "a function", method);
  }
}
