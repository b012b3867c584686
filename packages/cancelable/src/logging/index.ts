/// <reference lib="esnext.disposable" preserve="true" />
export { type ConsoleLike, type ConsoleLoggerOptions, consoleLogger } from "./console-logger.ts";
export type { LoggedEvent } from "./describe.ts";
export { type LogOptions, logOperations } from "./log-operations.ts";
export type { LogLevel, LogMethod, OperationLogger } from "./logger.ts";
