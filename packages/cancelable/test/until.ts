import { sleep } from "../src/index.ts";

/** Gives the event loop turns until `predicate` holds: nothing is assumed about how many it takes. */
export async function until(predicate: () => boolean): Promise<void> {
  while (!predicate()) await sleep(0);
}

/** What a `UsageError` with this code looks like. */
export const usage = (code: string): object => ({ name: "UsageError", code });
