import type { Edit } from "@hother/cancelable-migrate/engine";

/** Applies edits; throws if they overlap or are out of order. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = "";
  let at = 0;
  for (const edit of edits) {
    if (edit.start < at || edit.end < edit.start) throw new Error(`edits overlap at ${edit.start}`);
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}
