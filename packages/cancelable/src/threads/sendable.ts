import { show } from "../arguments.ts";
import type { OperationSnapshot } from "../operation/context.ts";

/** A snapshot that can be sent to another thread. Values that cannot be cloned become a text. */
export function sendable(snapshot: OperationSnapshot): OperationSnapshot {
  const { metadata, progress } = snapshot;
  const texts: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(metadata)) texts[key] = cloneableOr(value);
  // A progress that cannot be cloned is left out: its type is not that of a text.
  return { ...snapshot, metadata: texts, progress: isCloneable(progress) ? progress : undefined };
}

function cloneableOr(value: unknown): unknown {
  return isCloneable(value) ? value : show(value);
}

function isCloneable(value: unknown): boolean {
  if (typeof value !== "object") return typeof value !== "function" && typeof value !== "symbol";
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
