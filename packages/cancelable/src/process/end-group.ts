import type { Child } from "#platform/child";
import { moveOnAfter } from "../flow/move-on-after.ts";
import { sleep } from "../flow/sleep.ts";
import { waitFor } from "../flow/wait-for.ts";
import { currentNode } from "../scope/ambient.ts";
import { ProcessNotEndedError } from "./process-error.ts";
import type { ProcessEnding } from "./process-result.ts";

/** How long the system may take to end a group after SIGKILL, in ms. */
const killLimit = 1_000;
/** The longest pause between two looks at the group, in ms. The end of the leader itself is an event. */
const longestPause = 20;
/** The last part of a time, in ms, which is counted in pauses. */
const lastPart = 200;

/**
 * Whether the whole group ends within `ms`. The last part of the time is counted in pauses and not by the clock: while this
 * process stood still, the group could not end, or its end could not be noticed.
 */
async function endsWithin(child: Child, ms: number): Promise<boolean> {
  const { clock } = currentNode();
  let left = Math.min(ms / 2, lastPart);
  const byClock = ms - left;
  const end = clock.now() + byClock;
  if (child.exit === undefined && ms > 0) await moveOnAfter(byClock, () => waitFor(child.exited));
  for (let pause = 1; child.alive.length > 0; pause = Math.min(2 * pause, longestPause)) {
    if (clock.now() >= end) {
      if (left <= 0) return false;
      left -= pause;
    }
    await sleep(pause);
  }
  return true;
}

/**
 * Ends the group of `child`, to be called in a shield: SIGTERM, and SIGKILL after `grace`.
 *
 * @param linger The time for the group to end by itself, in ms.
 * @param grace In ms.
 * @throws ProcessNotEndedError
 */
export async function endGroup(
  command: string,
  child: Child,
  linger: number,
  grace: number,
): Promise<ProcessEnding> {
  if (await endsWithin(child, linger)) return "exited";
  child.kill("SIGTERM");
  // A stopped process would handle SIGTERM only when it goes on.
  child.kill("SIGCONT");
  if (await endsWithin(child, grace)) return "cooperative";
  const refusal = child.kill("SIGKILL");
  if (await endsWithin(child, killLimit)) return "terminated";
  throw new ProcessNotEndedError(command, child.alive, refusal);
}
