import { currentScope, isCancellation, waitFor } from "@hother/cancelable";
import { afterLimit, type CommandOptions, remainingTime } from "./command.ts";
import { CursorEnd, cutReads } from "./cursor-end.ts";

type Method = (...args: unknown[]) => unknown;

/** The used members of a cursor. The other methods are found by their names. */
export interface CursorLike {
  /** undefined until the first answer of the server. */
  readonly id: unknown;
  close(): Promise<void>;
  once(event: "close", listener: () => void): unknown;
  [method: string]: unknown;
}

/** The methods that can send a command. All other ways to read a cursor call these. */
const reads = ["next", "tryNext", "hasNext", "count", "explain"];

/**
 * Makes a cursor whose reads belong to the scope in which they are called. A cancelled read closes the cursor, on the server
 * as well.
 *
 * @param own The options that the user gave.
 * @param create Makes the cursor with the options to use.
 * @param hasLimit Whether `cursor.maxTimeMS()` works.
 */
export function makeCursor(
  own: CommandOptions | undefined,
  create: (options: CommandOptions) => CursorLike,
  hasLimit = true,
): CursorLike {
  const end = new CursorEnd();
  const cursor = create({ ...own, signal: end.signal });
  follow(own?.signal, end, cursor);
  return bindReads(cursor, end, hasLimit && own?.maxTimeMS === undefined);
}

/** Ends the cursor with the signal of the user. */
function follow(signal: AbortSignal | undefined, end: CursorEnd, cursor: CursorLike): void {
  if (signal === undefined) return;
  const abort = (): void => void end.end(cursor, cursor.id !== undefined, signal.reason);
  if (signal.aborted) return abort();
  signal.addEventListener("abort", abort, { once: true });
  cursor.once("close", () => signal.removeEventListener("abort", abort));
}

/** @param hasLimit Whether the remaining time may be set: the user has set no limit. */
function bindReads(cursor: CursorLike, end: CursorEnd, hasLimit: boolean): CursorLike {
  cutReads(cursor, end.signal);
  const method = (name: string): Method => (cursor[name] as Method).bind(cursor); // the name of a method
  const [setLimit, rewind, clone] = [method("maxTimeMS"), method("rewind"), method("clone")];
  let setsLimit = hasLimit;
  let isStarted = false;
  Object.assign(cursor, {
    maxTimeMS(limit: unknown) {
      setsLimit = false;
      setLimit(limit);
      return cursor;
    },
    rewind() {
      isStarted = false;
      rewind();
    },
    // A clone ends with its original, because it has the signal of it.
    clone: () => bindReads(clone() as CursorLike, end, setsLimit),
  });
  const start = (): void => {
    const limit = isStarted || !setsLimit ? undefined : remainingTime();
    isStarted = true;
    if (limit !== undefined) setLimit(limit);
  };
  for (const name of reads.filter((each) => typeof cursor[each] === "function")) {
    const read = method(name);
    cursor[name] = async (...args: unknown[]) => {
      const scope = currentScope();
      const { deadline } = scope;
      try {
        scope.check();
        start();
        return await waitFor(async () => read(...args));
      } catch (error) {
        if (isCancellation(error)) await end.end(cursor, cursor.id !== undefined, error);
        // The server and the driver fail a read of a cursor that was closed with errors of their own.
        if (end.ended !== undefined) throw end.ended.reason;
        throw setsLimit ? await afterLimit(scope, deadline, error) : error;
      }
    };
  }
  return cursor;
}
