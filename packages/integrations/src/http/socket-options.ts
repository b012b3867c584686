import { Cancellable, type OperationObserver, report, type Span } from "@hother/cancelable";
import {
  type KnownOptions,
  requireFunction,
  requireKnownOptions,
  toMilliseconds,
} from "@hother/cancelable/extending";

/** The options of every server for sockets. */
export interface SocketOptions<S> {
  /** The time that a connection may last, in ms or as a `Duration`. Default: no limit. */
  readonly timeout?: Span | undefined;
  /** The time that the handler of one message may take, in ms or as a `Duration`. Default: no limit. */
  readonly messageTimeout?: Span | undefined;
  /** How long the handlers of a cancelled connection may take to end. Default: no bound, and a warning after 5 s. */
  readonly grace?: Span | undefined;
  /** Whether a registry contains the operations: `true` for that of the process, or a registry. Default: false. */
  readonly register?: boolean | OperationObserver | undefined;
  /**
   * Gets the error of a handler that failed, and the timeout of a handler that took too long. `operation` is that of the
   * message, or of the connection for the handler of the connection. Default: `report`, which writes to the console.
   */
  readonly onError?: ((error: unknown, failed: FailedHandler<S>) => unknown) | undefined;
}

/** A handler that failed. */
export interface FailedHandler<S> {
  readonly socket: S;
  readonly operation: Cancellable;
}

/** The options as each connection uses them. */
export type SocketPlan<S> = SocketOptions<S>;

export const socketOptions: KnownOptions<SocketOptions<unknown>> = {
  timeout: 1,
  messageTimeout: 1,
  grace: 1,
  register: 1,
  onError: 1,
};

/** Checks the options before the first connection. */
export function requireSocketOptions(
  options: SocketOptions<never> | undefined,
  known: Readonly<Record<string, 1>>,
  of: string,
): void {
  requireKnownOptions(options, known, of);
  if (options === undefined) return;
  const { timeout, messageTimeout, grace, register } = options;
  // It checks the options that it gets. It is never started.
  new Cancellable({ timeout, grace, register });
  if (messageTimeout !== undefined) toMilliseconds(messageTimeout, "options.messageTimeout");
  if (options.onError !== undefined) requireFunction(options.onError, "options.onError");
}

/** The result of a function of the options, or undefined after an error, which is reported. */
export function readOption<T>(read: () => T, name: string): T | undefined {
  try {
    return read();
  } catch (error) {
    report(error, name);
    return undefined;
  }
}
