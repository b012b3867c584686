import { outOfRange, requireText } from "../usage-error.ts";
import { type LogLevel, type LogMethod, logLevels, type OperationLogger, requireLogger } from "./logger.ts";

/** A logger with a place in a hierarchy of names, that writes to whatever {@link logTo} has set for it. */
export interface NamedLogger extends Required<OperationLogger> {
  readonly name: string;
  /** The logger `name` below this one: always the same one. */
  child(name: string): NamedLogger;
}

/** By name. They stay: who asks for a name again means the same one. */
const loggers = new Map<string, NamedLogger>();
/** By name; the empty one stands for all. The latest one of each counts. */
const targets = new Map<string, Array<{ readonly logger: OperationLogger }>>();

/** The target of the name, or of the nearest one above it. */
function targetOf(name: string): OperationLogger | undefined {
  for (let at = name; ; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const target = targets.get(at)?.at(-1)?.logger;
    if (target !== undefined || at === "") return target;
  }
}

function requireName(name: unknown): void {
  requireText(name, "name");
  if (typeof name === "string" && !/^[^.]+(\.[^.]+)*$/.test(name)) {
    throw outOfRange("name", "a name, or names separated by dots", name);
  }
}

/**
 * The logger of a name, always the same one; dots separate levels of the hierarchy. It writes nothing until
 * {@link logTo} says where to; then each line has its name as the field `logger`. For code that cannot know
 * where its lines will go.
 *
 * @param name Default: `"cancelable"`.
 * @throws RangeError for an empty name or part of a name.
 *
 * @example
 * ```ts
 * import { consoleLogger, getLogger, logTo } from "@hother/cancelable/logging";
 *
 * const log = getLogger("shop").child("orders");
 * console.assert(log === getLogger("shop.orders"));
 * log.info({ order: 7 }, "nobody sees this");
 * const logging = logTo(consoleLogger(), "shop");
 * log.info({ order: 7 }, "shipped"); // shipped { logger: 'shop.orders', order: 7 }
 * logging[Symbol.dispose]();
 * ```
 */
export function getLogger(name = "cancelable"): NamedLogger {
  requireName(name);
  let logger = loggers.get(name);
  if (logger === undefined) {
    logger = createLogger(name);
    loggers.set(name, logger);
  }
  return logger;
}

function createLogger(name: string): NamedLogger {
  const methodOf =
    (level: LogLevel): LogMethod =>
    (fields, message) =>
      targetOf(name)?.[level]?.({ logger: name, ...fields }, message);
  return {
    name,
    trace: methodOf("trace"),
    debug: methodOf("debug"),
    info: methodOf("info"),
    warn: methodOf("warn"),
    error: methodOf("error"),
    child(below) {
      requireName(below);
      return getLogger(`${name}.${below}`);
    },
  };
}

/**
 * Lets the named loggers write to `logger`, until it is disposed of: those called `name` and those below it
 * that have no target of their own; all of them without a name. Of several for one name the latest counts.
 * A level that `logger` has no method for is not written.
 *
 * @throws TypeError for what is no logger, RangeError for an empty name or part of a name.
 *
 * @example
 * ```ts
 * import { getLogger, logTo } from "@hother/cancelable/logging";
 *
 * const seen: unknown[] = [];
 * const logging = logTo({ warn: (fields, message) => seen.push([fields.logger, message]) });
 * getLogger().warn({}, "careful");
 * logging[Symbol.dispose]();
 * getLogger().warn({}, "nobody hears this");
 * console.assert(JSON.stringify(seen) === '[["cancelable","careful"]]');
 * ```
 */
export function logTo(logger: OperationLogger, name?: string): Disposable {
  requireLogger(
    logger,
    logLevels.filter((level) => (logger as OperationLogger | null | undefined)?.[level] !== undefined),
  );
  if (name !== undefined) requireName(name);
  const key = name ?? "";
  const entry = { logger };
  const entries = targets.get(key) ?? [];
  entries.push(entry);
  targets.set(key, entries);
  return {
    [Symbol.dispose]() {
      const at = entries.indexOf(entry);
      if (at >= 0) entries.splice(at, 1);
    },
  };
}
