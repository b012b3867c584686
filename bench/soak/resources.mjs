/** What the process holds open. */
import { constants } from "node:os";
import { turn } from "./collect.mjs";

/** Over after a turn, and so nobody's handle. */
const passing = new Set(["Immediate", "TickObject", "Microtask"]);

/** How long sockets and files may take to close, in ms: they do so later than `close()` returns. */
const patience = 10_000;

/** By kind, as in "TCPServerWrap 1, Timeout 1". */
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
 * What is open once everything that is on its way out has gone: as soon as that is `expected`, or after ten seconds.
 *
 * @param {string | undefined} expected Without it, what has been the same for a tenth of a second.
 */
export async function openHandles(expected) {
  const end = performance.now() + patience;
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

/** How many are in such a text. @param {string} handles */
export function countHandles(handles) {
  return [...handles.matchAll(/ (\d+)(,|$)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Handlers of operating-system signals. */
export function signalListeners() {
  return Object.keys(constants.signals).reduce((sum, name) => sum + process.listenerCount(name), 0);
}
