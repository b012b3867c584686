import { sleep } from "../src/index.ts";

/** Gives the event loop turns until `predicate` holds, without an assumption about their number. */
export async function until(predicate: () => boolean): Promise<void> {
  while (!predicate()) await sleep(0);
}

/** The shape of a `UsageError` with this code. */
export const usage = (code: string): object => ({ name: "UsageError", code });
