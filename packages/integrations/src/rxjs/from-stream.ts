import { cancellableStream } from "@hother/cancelable";
import { requireFunction } from "@hother/cancelable/extending";
import { Observable } from "rxjs";
import { runFor } from "./from-task.ts";

/** The sources that {@link fromStream} reads. */
type Source<T> = Parameters<typeof cancellableStream<T>>[0];

/**
 * An observable of the items of a stream. The next item is read when the observer has returned from the item before, so a stream is
 * never read ahead. Unsubscribing closes the stream, also while it waits for an item, and the scope in which `subscribe` was called
 * waits for the closing. If that scope is cancelled, the observer gets its error. `from` of RxJS closes a stream only when its
 * next item arrives.
 *
 * @param open Returns the stream for one subscriber: an async iterable, an iterable, a `ReadableStream` or a Node `Readable`.
 * @throws TypeError for another value.
 * @example
 * ```ts
 * import { sleep } from "@hother/cancelable";
 * import { fromStream } from "@hother/cancelable-integrations/rxjs";
 * import { lastValueFrom, take, toArray } from "rxjs";
 *
 * let isClosed = false;
 * async function* ticks() {
 *   try {
 *     for (let n = 0; ; n++) {
 *       yield n;
 *       await sleep(1);
 *     }
 *   } finally {
 *     isClosed = true;
 *   }
 * }
 * const first = await lastValueFrom(fromStream(ticks).pipe(take(3), toArray()));
 * console.assert(first.join() === "0,1,2");
 * await sleep(5);
 * console.assert(isClosed);
 * ```
 */
export function fromStream<T>(open: () => Source<T>): Observable<T> {
  requireFunction(open, "open");
  return new Observable((subscriber) =>
    runFor(subscriber, async () => {
      for await (const item of cancellableStream(open())) {
        if (subscriber.closed) return;
        subscriber.next(item);
        if (subscriber.closed) return;
      }
    }),
  );
}
