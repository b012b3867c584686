/** Counts the open resources of the process. */
import { constants } from "node:os";
import { turn } from "./collect.mjs";

/** Resources that end within one turn of the event loop and so are no open handles. */
const passing = new Set(["Immediate", "TickObject", "Microtask"]);

/** How long sockets and files may take to close after `close()` has returned, in ms. */
const longestClosing = 10_000;

/** Lists the open resources by kind, for example "TCPServerWrap 1, Timeout 1". */
function handlesNow() {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const kind of process.getActiveResourcesInfo()) {
    if (!passing.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts]
    .map(([kind, count]) => `${kind} ${count}`)
    .sort()
    .join(", ");
}

/**
 * Waits until closing resources have closed, and lists the open ones. Waits at most ten seconds.
 *
 * @param {string | undefined} expected the list to wait for. Default: any list that stays the same for 100 ms
 */
export async function openHandles(expected) {
  const end = performance.now() + longestClosing;
  let known = handlesNow();
  for (let since = performance.now(); performance.now() < end; ) {
    if (expected === undefined ? performance.now() - since > 100 : known === expected) break;
    await turn();
    const now = handlesNow();
    if (now !== known) since = performance.now();
    known = now;
  }
  return known;
}

/** The number of handles in such a list. @param {string} handles */
export function countHandles(handles) {
  return [...handles.matchAll(/ (\d+)(,|$)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** The number of handlers of operating-system signals. */
export function signalListeners() {
  return Object.keys(constants.signals).reduce((sum, name) => sum + process.listenerCount(name), 0);
}
