import { type CancellationToken, currentScope } from "@hother/cancelable";
import { type MonoTypeOperatorFunction, Observable } from "rxjs";
import { untilCancelled } from "../scope/until-cancelled.ts";
import { requireToken } from "./from-token.ts";

/**
 * An operator that ends a subscription with its scope: the scope in which `subscribe` is called. The observer gets the error of the
 * scope, and not `complete`, so that a stream that was cut off is told from one that came to its end; `firstValueFrom` and
 * `lastValueFrom` reject with that error. In a cancelled scope the source is not subscribed. No value is passed on after the
 * cancellation, and no listener stays after the end.
 *
 * @param token A token that ends the subscription, too, with its error. Default: none.
 * @throws TypeError for another value.
 * @example
 * ```ts
 * import { Cancellable } from "@hother/cancelable";
 * import { takeUntilCancelled } from "@hother/cancelable-integrations/rxjs";
 * import { interval, lastValueFrom } from "rxjs";
 *
 * const op = new Cancellable({ name: "ticks", timeout: 20 });
 * const outcome = await op.settle(() => lastValueFrom(interval(1).pipe(takeUntilCancelled())));
 * console.assert(outcome.status === "cancelled" && outcome.error.reason === "timeout");
 * ```
 */
export function takeUntilCancelled<T>(token?: CancellationToken): MonoTypeOperatorFunction<T> {
  if (token !== undefined) requireToken(token, "token");
  return (source) =>
    new Observable((subscriber) => {
      const scope = currentScope();
      const error = (): unknown => scope.error ?? token?.error;
      /** Ends the subscription if it is cancelled. */
      const isCut = (): boolean => {
        const found = error();
        if (found !== undefined) subscriber.error(found);
        return found !== undefined;
      };
      if (isCut()) return;
      subscriber.add(untilCancelled((reason) => subscriber.error(reason), "takeUntilCancelled()"));
      const listening = token?.onCancel(() => subscriber.error(token.error));
      subscriber.add(() => listening?.[Symbol.dispose]());
      // The scope tells its cancellation in a microtask, and the source can emit before.
      const values = source.subscribe({
        next: (value) => {
          if (!isCut()) subscriber.next(value);
        },
        error: (failure: unknown) => subscriber.error(failure),
        complete: () => {
          if (!isCut()) subscriber.complete();
        },
      });
      subscriber.add(values);
    });
}
