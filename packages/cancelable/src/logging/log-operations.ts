import { listenToOperations } from "#platform/channel";
import { outOfRange, requireBoolean, requireFunction, requireOptions } from "../arguments.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import { report } from "../reporter.ts";
import { type ChannelEvent, fieldsOf, kindOf, type LoggedEvent, messageOf } from "./describe.ts";
import { type LogLevel, logLevels, type OperationLogger, requireLogger } from "./logger.ts";

export interface LogOptions {
  /**
   * How important each kind of event is; `"silent"` leaves it out. Default: `debug` for `started` and
   * `progress`, `info` for `cancelling` (a request to stop) and `completed`, `warn` for `cancelled`, `error`
   * for `failed`.
   */
  readonly levels?: { readonly [event in LoggedEvent]?: LogLevel | "silent" };
  /** Whether operations' metadata is a field of its own. Default: false, since it may hold what no log should. */
  readonly metadata?: boolean;
  /** Which operations are told of. Default: all. */
  readonly filter?: (operation: OperationSnapshot, event: LoggedEvent) => boolean;
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
 * Writes what happens to the operations of this process to a logger, until it is disposed of. Each line has
 * the fields `event` (such as `operation.cancelled`), `operationId`, `operationName`, `parentId`, `status`,
 * `cancelReason`, `cancelMessage`, `error` (the message), `progress`, and at the end `durationMs`, in
 * milliseconds. Without a call of this the library writes nothing, and makes no event.
 *
 * A logger or filter that throws disturbs no operation: that goes to the reporter. Operations
 * that a logger itself starts before it returns are not told of.
 *
 * @param logger One with pino's methods, or one of {@link consoleLogger}.
 * @throws UsageError `ERR_UNSUPPORTED_HOST` where the host has no `diagnostics_channel`: outside Node, Bun
 * and Deno. TypeError or RangeError for a logger without a method that is needed, and for wrong options.
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
  requireOptions(options);
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
    logger[level]?.(fieldsOf(event, operation, withMetadata), messageOf(event, operation));
  };
  let writing = false;
  /** The logger's own operations, by id, while they run: each line about one would make the next. */
  const own = new Set<string>();
  return listenToOperations((event) => {
    const message = event as ChannelEvent; // only this library publishes there
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
    throw outOfRange("options.levels", `made of ${Object.keys(defaultLevels).join(", ")}`, event);
  }
  if (level !== "silent" && !(logLevels as readonly unknown[]).includes(level)) {
    throw outOfRange(`options.levels.${event}`, `one of ${logLevels.join(", ")}, silent`, level);
  }
}
