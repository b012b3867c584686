import { type AmbientScope, currentScope, getBackend, waitFor } from "@hother/cancelable";
import { requestSignal } from "../http/request-signal.ts";

/** The options of a method of the driver, as far as this module sets them. */
export interface CommandOptions {
  readonly signal?: AbortSignal | undefined;
  readonly maxTimeMS?: number | undefined;
}

/** The largest `maxTimeMS` of the server. */
const longest = 2 ** 31 - 1;

/** The code of the server for a command whose `maxTimeMS` is over. */
const maxTimeExpired = 50;

/**
 * The time that is left to the ambient scope, as a `maxTimeMS`: whole milliseconds, at least 1, because 0 means no limit to
 * MongoDB. undefined without a deadline.
 */
export function remainingTime(): number | undefined {
  const left = Math.ceil(currentScope().deadline - getBackend().now());
  return left > longest ? undefined : Math.max(left, 1);
}

/** The options with the remaining time as `maxTimeMS`, if the user gave none and there is a deadline. */
export function withRemainingTime<T extends CommandOptions>(options: T): T {
  const limit = options.maxTimeMS === undefined ? remainingTime() : undefined;
  return limit === undefined ? options : { ...options, maxTimeMS: limit };
}

/**
 * Calls a method of the driver in the ambient scope. Outside of every scope the method gets the options of the user.
 *
 * @param own The options that the user gave to the method. Its `signal` aborts the call, too; its `maxTimeMS` stays.
 * @param send Calls the method with the options to use.
 */
export async function runCommand<T>(
  own: CommandOptions | undefined,
  send: (options: CommandOptions | undefined) => T | PromiseLike<T>,
): Promise<T> {
  const scope = currentScope();
  if (scope.isRoot) return send(own);
  scope.check();
  const link = requestSignal(own?.signal, "a command of MongoDB");
  const { deadline } = scope;
  try {
    const options = withRemainingTime({ ...own, signal: link.signal });
    // The driver does not look at its signal while it connects for a bulk write, and while it waits before a retry.
    return await waitFor(async () => send(options));
  } catch (error) {
    throw own?.maxTimeMS === undefined ? await afterLimit(scope, deadline, error) : error;
  } finally {
    link[Symbol.dispose]();
  }
}

/**
 * The error to throw for a failed command. If the server ended the command because of the remaining time that this module
 * has sent, this waits for the deadline, and the error is that of the scope.
 *
 * @param deadline The deadline of the scope when the command was sent.
 */
export async function afterLimit(scope: AmbientScope, deadline: number, error: unknown): Promise<unknown> {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  // A deadline that was moved meanwhile is not near.
  if (code !== maxTimeExpired || scope.deadline !== deadline) return error;
  await scope.sleep(Math.max(deadline - getBackend().now(), 0)).catch(() => {});
  return scope.error ?? error;
}
