import { placeIn } from "../place.ts";
import { warn } from "../reporter.ts";
import type { ScopeNode } from "./scope-node.ts";

let isWarned = false;

/**
 * To be called where a function that uses the ambient scope found none, on a host without AsyncLocalStorage: warns once
 * if a scope below `root` is open, because the call may be in its body, after an `await`.
 */
export function warnOfLostScope(root: ScopeNode): void {
  if (isWarned || root.live === 0) return;
  const running = (root.children() as ScopeNode[]).find(({ phase }) => phase === "open") as ScopeNode; // `live` counts them
  isWarned = true;
  const place = placeIn(new Error());
  warn(
    `a function of this library was called outside of every scope${place === undefined ? "" : `, at ${place}`}, while ` +
      `${running.owner?.subject ?? "an operation"} runs. This host has no AsyncLocalStorage, so the ambient scope is lost ` +
      "after the first await of a body, and no limit reaches such a call. Use the methods of the operation or scope " +
      "(op.sleep, op.waitFor, op.signal), or pass { scope: op } or { parent: op }. If the call belongs to no operation, " +
      "nothing is wrong. This is said once.",
  );
}
