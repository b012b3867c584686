import { CancelScope, currentScope, isCancellation, report } from "@hother/cancelable";
import { requireFunction } from "@hother/cancelable/extending";
import { Observable, type Subscriber } from "rxjs";

/**
 * An observable that calls an async function for each subscriber, and emits its value. Unsubscribing cancels the function: it runs in
 * a scope below the one in which `subscribe` is called, and that scope waits for its end. So `switchMap(() => fromTask(fn))` stops
 * the work of before, and `mergeMap` leaves none behind. In a cancelled scope `fn` is not called.
 *
 * The observer gets the error of a cancelled scope, as with `takeUntilCancelled`. An error of `fn` after the unsubscription goes
 * to the reporter.
 *
 * @param fn Gets the signal of its scope.
 * @throws TypeError for another value.
 * @example
 * ```ts
 * import { sleep } from "@hother/cancelable";
 * import { fromTask } from "@hother/cancelable-integrations/rxjs";
 * import { lastValueFrom, of, switchMap } from "rxjs";
 *
 * const ended: number[] = [];
 * const search = async (text: number) => {
 *   await sleep(5);
 *   ended.push(text);
 *   return text * 10;
 * };
 * const found = await lastValueFrom(of(1, 2, 3).pipe(switchMap((text) => fromTask(() => search(text)))));
 * console.assert(found === 30 && ended.join() === "3"); // the others were cancelled
 * ```
 */
export function fromTask<T>(fn: (signal: AbortSignal) => T | PromiseLike<T>): Observable<T> {
  requireFunction(fn, "fn");
  return new Observable((subscriber) =>
    runFor(subscriber, async ({ signal }) => {
      subscriber.next(await fn(signal));
    }),
  );
}

/**
 * Runs `body` in a scope that ends with the subscription, and ends the subscription with it.
 *
 * @returns The teardown.
 */
export function runFor<T>(
  subscriber: Subscriber<T>,
  body: (scope: CancelScope) => Promise<void>,
): (() => void) | undefined {
  const outer = currentScope();
  if (outer.isCancelled) {
    subscriber.error(outer.error);
    return undefined;
  }
  const scope = new CancelScope();
  const ending = scope.run(body);
  ending.then(
    () => subscriber.complete(),
    (error: unknown) => {
      const isOurs = outer.isCancelled && isCancellation(error, outer);
      if (!subscriber.closed) subscriber.error(isOurs ? outer.error : error);
      else if (!isOurs) report(error, "an observable after its unsubscription");
    },
  );
  return () => void scope.cancel("unsubscribed", "the observable has no subscriber any more");
}
