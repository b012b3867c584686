import { cancellationOf, currentOperation, isCancellation, type ObservedOperation } from "@hother/cancelable";
import { invalidType, requireFunction, requireOptions } from "@hother/cancelable/extending";
import pino, { type LogFn, type LoggerOptions } from "pino";

/** The fields of a log line that name an operation. Those of `logOperations` have the same names. */
export interface OperationFields {
  readonly operationId: string;
  readonly operationName?: string;
  /** The id of the operation above. */
  readonly parentId?: string;
}

/**
 * The fields that name an operation, for `logger.child(operationFields(op))`. Empty without an operation.
 *
 * @param operation Default: the current operation.
 */
export function operationFields(
  operation: ObservedOperation | undefined = currentOperation(),
): OperationFields | Record<never, never> {
  if (operation === undefined) return {};
  const { id, name, parent } = operation;
  return {
    operationId: id,
    ...(name !== undefined && { operationName: name }),
    ...(parent !== undefined && { parentId: parent.id }),
  };
}

/**
 * Serializes an error with its class, message, stack and properties, and its cause in the same way. A cancellation also has its
 * reason and its operation. Other values stay as they are.
 */
export function serializeError(value: unknown): unknown {
  // The type of the serializer of pino does not allow other values, and its code does.
  const serialized: unknown = pino.stdSerializers.errWithCause(value as Error);
  let shown = serialized as { cause?: unknown } | undefined;
  for (let link = value; link instanceof Error && shown !== undefined; link = link.cause) {
    if (isCancellation(link) && link.operation !== undefined)
      Object.assign(shown, { operation: link.operation });
    shown = shown.cause as typeof shown; // the serialized cause of `link`
  }
  return serialized;
}

/**
 * Returns the options for a logger of pino, whose lines name the operation in which they are written (`operationId`,
 * `operationName`, `parentId`), and show an error with its stack, cause and reason under `err`, `error` and `reason`. For
 * `pino(operationLogging())` and for `fastify({ logger: operationLogging() })`.
 *
 * A line at the level `error` whose error is a cancellation is written at the level `info`, because a cancellation is no error. A
 * time limit that has passed, and a cancellation with the reason `error`, keep the level.
 *
 * @param options The options of pino. Your `mixin`, `serializers` and `hooks` stay, and win where both have a field.
 * @throws TypeError for a wrong argument.
 * @example
 * ```ts
 * import { Cancellable } from "@hother/cancelable";
 * import { operationLogging } from "@hother/cancelable-integrations/pino";
 * import { pino } from "pino";
 *
 * const lines: string[] = [];
 * const logger = pino(operationLogging({ base: null }), { write: (line: string) => void lines.push(line) });
 * await new Cancellable({ name: "import" }).settle((op) => {
 *   op.cancel("quota", "too many rows");
 *   logger.error(op.error);
 * });
 * const line = JSON.parse(lines[0] ?? "");
 * console.assert(line.level === 30 && line.operationName === "import" && line.err.reason === "quota");
 * ```
 */
export function operationLogging<CustomLevels extends string = never, UseOnly extends boolean = boolean>(
  options?: LoggerOptions<CustomLevels, UseOnly>,
): LoggerOptions<CustomLevels, UseOnly> {
  requireOptions(options);
  const { mixin, hooks, serializers, errorKey = "err" } = options ?? {};
  if (mixin !== undefined) requireFunction(mixin, "options.mixin");
  requireOptions(serializers, "options.serializers");
  requireOptions(hooks, "options.hooks");
  const own = hooks?.logMethod;
  if (own !== undefined) requireFunction(own, "options.hooks.logMethod");
  if (typeof errorKey !== "string") throw invalidType("options.errorKey", "a string", errorKey);
  // Not typed more exactly, because the types of pino depend on the levels of the user.
  const all: LoggerOptions<CustomLevels, UseOnly> = {
    ...(options ?? ({} as LoggerOptions<CustomLevels, UseOnly>)),
    mixin: (line, level, logger) => ({ ...operationFields(), ...mixin?.(line, level, logger) }),
    serializers: {
      ...{ err: serializeError, error: serializeError, reason: serializeError, [errorKey]: serializeError },
      ...serializers,
    },
    hooks: {
      ...hooks,
      logMethod(args, method, level) {
        if (level === this.levels.values.error && isMerelyCancelled(args[0], errorKey)) {
          // Without `info` among the levels of the user, the line keeps its level.
          const { info } = this as { readonly info?: LogFn };
          if (info !== undefined) {
            info.apply(this, args);
            return;
          }
        }
        if (own === undefined) method.apply(this, args);
        else own.call(this, args, method, level);
      },
    },
  };
  return all;
}

/** Whether the line is about a cancellation that is no error. */
function isMerelyCancelled(first: unknown, errorKey: string): boolean {
  const error =
    first instanceof Error ? first : (first as Record<string, unknown> | null | undefined)?.[errorKey];
  const reason = cancellationOf(error)?.reason;
  return reason !== undefined && reason !== "timeout" && reason !== "error";
}
