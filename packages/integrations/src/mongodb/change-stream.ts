import { currentScope, isCancellation, waitFor } from "@hother/cancelable";
import { untilCancelled } from "../scope/until-cancelled.ts";
import { CursorEnd, cutReads } from "./cursor-end.ts";

/** The used members of a change stream. The other methods are found by their names. */
export interface ChangeStreamLike {
  close(): Promise<void>;
  on(event: string, listener: (name: string) => void): unknown;
  once(event: "close", listener: () => void): unknown;
  listenerCount(event: string): number;
  stream(): { destroy(error: Error): unknown; once(event: "close", listener: () => void): unknown };
  [method: string]: unknown;
}

/** The cursor of a change stream. The driver makes another one when it resumes. */
const cursorOf = (changes: ChangeStreamLike): { readonly id?: unknown } =>
  (changes["cursor"] ?? {}) as { readonly id?: unknown }; // a field of the driver

/**
 * Binds the reads of a change stream to the scope in which they are called, and its events to the scope in which the first
 * listener for `change` is added. A cancellation closes the change stream, on the server as well.
 */
export function bindChangeStream(changes: ChangeStreamLike): ChangeStreamLike {
  const end = new CursorEnd();
  const cancel = (reason: unknown): Promise<void> =>
    end.end(changes, cursorOf(changes).id !== undefined, reason);
  for (const name of ["next", "tryNext", "hasNext"]) {
    const read = changes[name] as () => Promise<unknown>; // the name of a method
    changes[name] = async () => {
      try {
        currentScope().check();
        cutReads(cursorOf(changes), end.signal);
        return await waitFor(async () => read.call(changes));
      } catch (error) {
        if (isCancellation(error)) await cancel(error);
        throw end.ended === undefined ? error : end.ended.reason;
      }
    };
  }
  let unwatch = (): void => {};
  changes.on("newListener", (name) => {
    if (name !== "change" || changes.listenerCount("change") > 0) return;
    unwatch(); // of listeners that were removed
    if (currentScope().isRoot) return;
    cutReads(cursorOf(changes), end.signal);
    unwatch = untilCancelled((reason) => void cancel(reason), "a change stream of MongoDB");
  });
  changes.once("close", () => unwatch());
  const { stream } = changes;
  changes.stream = () => {
    currentScope().check();
    cutReads(cursorOf(changes), end.signal);
    const readable = stream.call(changes);
    // The stream closes the cursor. If it was closed before, the stream would end as if there were no more changes.
    const close = (reason: Error) => () =>
      new Promise<void>((resolve) => {
        readable.once("close", resolve);
        readable.destroy(reason);
      });
    const stop = untilCancelled(
      (reason) => void end.end({ close: close(reason) }, cursorOf(changes).id !== undefined, reason),
      "a change stream of MongoDB",
    );
    readable.once("close", stop);
    return readable;
  };
  return changes;
}
