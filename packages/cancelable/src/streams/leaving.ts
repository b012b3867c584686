import type { StreamReader } from "./stream-reader.ts";

/**
 * @internal A generator over readers whose `return()` leaves them itself: one that was not started, or that waits for
 * a silent source, would else close nothing.
 */
export function leavingBy<T>(
  generator: AsyncGenerator<T, undefined, undefined>,
  leave: () => Promise<void>,
): AsyncGenerator<T, undefined, undefined> {
  const end = generator.return.bind(generator);
  generator.return = async (value) => {
    await leave();
    return end(value);
  };
  // Not every host gives it to generators.
  generator[Symbol.asyncDispose] = async () => {
    await generator.return(undefined);
  };
  return generator;
}

/** @internal Leaves all readers, and waits for that. What closing threw, in their order. */
export async function leaveAll(readers: readonly StreamReader[]): Promise<unknown[]> {
  const left = await Promise.allSettled(readers.map((reader) => reader.leave()));
  return left.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
}
