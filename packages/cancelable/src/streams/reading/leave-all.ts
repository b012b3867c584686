import type { StreamReader } from "./stream-reader.ts";

/** @internal Leaves all readers, and waits for that. What closing threw, in their order. */
export async function leaveAll(readers: readonly StreamReader[]): Promise<unknown[]> {
  const left = await Promise.allSettled(readers.map((reader) => reader.leave()));
  return left.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
}
