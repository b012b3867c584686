import { CancellationToken, currentOperation, currentScope, UsageError } from "@hother/cancelable";
import { untilCancelled } from "../scope/until-cancelled.ts";
import { addToOperation } from "./open-exchanges.ts";

/** The signal of one request, which follows the scope of the request and the signal of its caller. */
export interface RequestSignal extends Disposable {
  readonly signal: AbortSignal;
  /** Whether the scope aborted the signal, with its error as the reason. */
  readonly isCancelled: boolean;
  /** From now on the request has a body that the user reads: the end of the operation aborts the signal, too. */
  ownBody(): void;
}

/**
 * Makes a signal that is aborted with the ambient scope or with `own`, whichever comes first, with its very reason. When the
 * scope ends well, the next open scope above takes its place. Disposing ends the following; the signal is then never
 * aborted, and no listener is left.
 *
 * @param what The request, for the reporter.
 */
export function requestSignal(own: AbortSignal | undefined, what: string): RequestSignal {
  const scope = currentScope();
  const operation = currentOperation();
  const controller = new AbortController();
  const { signal } = controller;
  let isCancelled = false;
  const cancel = (reason: unknown): void => {
    if (signal.aborted) return;
    isCancelled = true;
    controller.abort(reason);
  };
  if (scope.isCancelled) cancel(scope.error);
  // First, because it throws for what is no signal. The library keeps one listener for all that follow the same signal.
  const token = own === undefined || signal.aborted ? undefined : CancellationToken.from(own);
  const unfollow = signal.aborted ? () => {} : untilCancelled(cancel, what);
  token?.onCancel(() => {
    // The signal can be that of the scope.
    if (scope.isCancelled) cancel(scope.error);
    else controller.abort(own?.reason);
  });
  let place: Disposable | undefined;
  return {
    signal,
    get isCancelled() {
      return isCancelled;
    },
    ownBody() {
      if (operation === undefined || signal.aborted) return;
      place = addToOperation(operation, {
        release: ({ name, id, error }) =>
          cancel(
            error ??
              new UsageError(
                "ERR_CLOSED",
                `The body of ${what}`,
                `operation ${JSON.stringify(name ?? id)} has ended; read the body before its end`,
              ),
          ),
      });
    },
    [Symbol.dispose]() {
      place?.[Symbol.dispose]();
      unfollow();
      token?.[Symbol.dispose]();
    },
  };
}

/**
 * Begins a request that follows `link`. If this throws at once, for example for a wrong option, the link ends.
 *
 * @param begin Hands the request to its client.
 */
export function beginWith<T>(link: RequestSignal, begin: () => T): T {
  try {
    return begin();
  } catch (error) {
    link[Symbol.dispose]();
    throw error;
  }
}
