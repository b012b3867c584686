import { listenToOperations } from "#platform/channel";
import { outOfRange, requireBoolean, requireFunction, requireOptions } from "../arguments.ts";
import { requireKnownOptions } from "../known-options.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import { report } from "../reporter.ts";
import { type ChannelEvent, fieldsOf, kindOf, type LoggedEvent, messageOf } from "./describe.ts";
import { type LogLevel, logLevels, type OperationLogger, requireLogger } from "./logger.ts";

export interface LogOptions {
  /**
   * The level of each kind of event. `"silent"` means no line. Default: `debug` for `started` and `progress`, `info`
   * for `cancelling` (cancellation was requested) and `completed`, `warn` for `cancelled`, `error` for `failed`.
   */
  readonly levels?: { readonly [event in LoggedEvent]?: LogLevel | "silent" } | undefined;
  /** Whether lines have the field `metadata`. Default: false, because metadata can contain secrets. */
  readonly metadata?: boolean | undefined;
  /** Decides whether a line is written. Default: every line is written. */
  readonly filter?: ((operation: OperationSnapshot, event: LoggedEvent) => boolean) | undefined;
}

const defaultLevels: Readonly<Record<LoggedEvent, LogLevel | "silent">> = {
  started: "debug",
  progress: "debug",
  cancelling: "info",
  completed: "info",
  cancelled: "warn",
  failed: "error",
};

/**
 * Writes the events of all operations in this process to a logger, until the result is disposed of. Each line has the
 * fields `event` (for example `operation.cancelled`), `operationId`, `operationName`, `parentId`, `status`,
 * `cancelReason`, `cancelMessage`, `err` (the error of a failed operation) and `progress`. The line of an ended operation
 * also has `durationMs`. Before the first call of this function the library creates no events.
 *
 * An error of the logger or the filter goes to the reporter and does not affect the operation. Operations that the
 * logger starts while it writes a line are not logged.
 *
 * @param logger A logger with pino's methods, or the result of {@link consoleLogger}.
 * @throws UsageError `ERR_UNSUPPORTED_HOST` on hosts without `diagnostics_channel`. Node, Bun and Deno have it.
 * TypeError or RangeError for a logger without a required method, and for invalid options.
 *
 * @example
 * ```ts
 * import { Cancellable } from "@hother/cancelable";
 * import { logOperations } from "@hother/cancelable/logging";
 *
 * const lines: string[] = [];
 * const write = (fields: Record<string, unknown>, message: string) => void lines.push(message);
 * const logging = logOperations({ info: write, warn: write, error: write }, {
 *   levels: { started: "silent", progress: "silent" },
 * });
 * await new Cancellable({ name: "import" }).run(() => "done");
 * logging[Symbol.dispose]();
 * console.assert(/^operation "import" completed after /.test(lines[0] ?? ""));
 * ```
 */
export function logOperations(logger: OperationLogger, options?: LogOptions): Disposable {
  requireKnownOptions(options, { levels: 1, metadata: 1, filter: 1 }, "logOperations");
  requireOptions(options?.levels, "options.levels");
  const levels = { ...defaultLevels, ...options?.levels };
  for (const [event, level] of Object.entries(levels)) requireLevel(event, level);
  const withMetadata = options?.metadata ?? false;
  requireBoolean(withMetadata, "options.metadata");
  const { filter } = options ?? {};
  if (filter !== undefined) requireFunction(filter, "options.filter");
  const used = Object.values(levels).filter((level) => level !== "silent");
  requireLogger(logger, used);

  const write = (message: ChannelEvent): void => {
    const { operation } = message;
    const event = kindOf(message);
    if (event === undefined) return;
    const level = levels[event];
    if (level === "silent" || filter?.(operation, event) === false) return;
    logger[level]?.(fieldsOf(event, message, withMetadata), messageOf(event, operation));
  };
  let writing = false;
  /** The ids of running operations that the logger has started. A line about one of them would start the next one. */
  const own = new Set<string>();
  return listenToOperations((event) => {
    const message = event as ChannelEvent; // only this library publishes on the channel
    const { type, operation } = message;
    if (writing && type === "started") own.add(operation.id);
    const isOwn = type === "ended" ? own.delete(operation.id) : own.has(operation.id);
    if (writing || isOwn) return;
    writing = true;
    try {
      write(message);
    } catch (error) {
      report(error, "the log of operations");
    } finally {
      writing = false;
    }
  });
}

function requireLevel(event: string, level: unknown): void {
  if (!Object.hasOwn(defaultLevels, event)) {
    throw outOfRange(
      "options.levels",
      `an object with the keys ${Object.keys(defaultLevels).join(", ")}`,
      event,
    );
  }
  if (level !== "silent" && !(logLevels as readonly unknown[]).includes(level)) {
    throw outOfRange(`options.levels.${event}`, `one of ${logLevels.join(", ")}, silent`, level);
  }
}
