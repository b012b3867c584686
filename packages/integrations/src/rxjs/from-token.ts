import type { CancellationError, CancellationToken } from "@hother/cancelable";
import { invalidType } from "@hother/cancelable/extending";
import { Observable } from "rxjs";

/** Checks that a value is a token. */
export function requireToken(token: unknown, argument: string): asserts token is CancellationToken {
  if (typeof (token as Partial<CancellationToken> | null | undefined)?.onCancel !== "function")
    throw invalidType(argument, "a CancellationToken, such as op.token", token);
}

/**
 * An observable that emits the error of a token when the token is cancelled, and completes: for `takeUntil`, `merge`, `race`. Of a
 * token that is cancelled already, it emits at once. The listener on the token lives as long as the subscription.
 *
 * `takeUntil(fromToken(token))` **completes** a stream, so that its end looks like success. {@link takeUntilCancelled} tells the
 * two apart.
 *
 * @param token For an operation: `op.token`.
 * @throws TypeError for another value.
 * @example
 * ```ts
 * import { CancellationToken } from "@hother/cancelable";
 * import { fromToken } from "@hother/cancelable-integrations/rxjs";
 *
 * const token = new CancellationToken();
 * const reasons: string[] = [];
 * fromToken(token).subscribe(({ reason }) => void reasons.push(reason));
 * token.cancel("shutdown");
 * console.assert(reasons[0] === "shutdown");
 * ```
 */
export function fromToken(token: CancellationToken): Observable<CancellationError> {
  requireToken(token, "token");
  return new Observable((subscriber) => {
    const listening = token.onCancel(() => {
      subscriber.next(token.error as CancellationError); // the token is cancelled
      subscriber.complete();
    });
    return () => listening[Symbol.dispose]();
  });
}
