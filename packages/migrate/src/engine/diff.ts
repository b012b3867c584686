import type { Colors } from "picocolors/types.js";
import type { Edit } from "./engine.ts";

/** Unchanged lines around a change. */
const context = 3;

/** Whole lines that edits change: the lines `[from, to)` of the old text, and their replacement. */
interface Change {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

/**
 * A coloured unified diff of one file. The edits say which lines changed, so no search for differences is needed
 * and the time does not depend on the number of changes.
 */
export function diffText(label: string, before: string, edits: readonly Edit[], colors: Colors): string {
  const old = linesOf(before);
  const changes = changesOf(before, old, edits);
  const text: string[] = [`${colors.bold(`--- ${label}`)}\n${colors.bold(`+++ ${label}`)}\n`];
  let shift = 0;
  for (let at = 0; at < changes.length; ) {
    let last = at;
    while (isNear(changes[last], changes[last + 1])) last++;
    const hunk = changes.slice(at, last + 1);
    const from = Math.max(0, (hunk[0] as Change).from - context);
    const to = Math.min(old.length, (hunk.at(-1) as Change).to + context);
    const growth = hunk.reduce((sum, each) => sum + each.lines.length - (each.to - each.from), 0);
    const range = (start: number, count: number): string => `${count === 0 ? start : start + 1},${count}`;
    text.push(
      `${colors.cyan(`@@ -${range(from, to - from)} +${range(from + shift, to - from + growth)} @@`)}\n`,
    );
    let line = from;
    for (const change of hunk) {
      for (; line < change.from; line++) text.push(shown(" ", old[line] as string, String));
      for (; line < change.to; line++) text.push(shown("-", old[line] as string, colors.red));
      for (const added of change.lines) text.push(shown("+", added, colors.green));
    }
    for (; line < to; line++) text.push(shown(" ", old[line] as string, String));
    shift += growth;
    at = last + 1;
  }
  return text.join("");
}

function isNear(one: Change | undefined, next: Change | undefined): boolean {
  return one !== undefined && next !== undefined && next.from - one.to <= 2 * context;
}

function shown(sign: string, line: string, color: (text: string) => string): string {
  const isOpen = !line.endsWith("\n");
  const text = color(`${sign}${line.replace(/\r?\n$/, "")}`);
  return isOpen ? `${text}\n\\ No newline at end of file\n` : `${text}\n`;
}

/** The lines of a text, each with its line end. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function changesOf(before: string, old: readonly string[], edits: readonly Edit[]): Change[] {
  const changes: Change[] = [];
  let line = 0;
  let lineStart = 0;
  for (let at = 0; at < edits.length; ) {
    while (line < old.length - 1 && lineStart + length(old, line) <= (edits[at] as Edit).start)
      lineStart += length(old, line++);
    const from = line;
    let text = "";
    let end = lineStart;
    let copied = lineStart;
    // All edits that touch the lines of the edits before them.
    do {
      const edit = edits[at++] as Edit;
      text += before.slice(copied, edit.start) + edit.text;
      copied = edit.end;
      while (line < old.length && end <= copied) {
        end += length(old, line++);
      }
    } while (at < edits.length && ((edits[at] as Edit).start < end || line === old.length));
    lineStart = end;
    text += before.slice(copied, end);
    changes.push(trimmed(from, old.slice(from, line), linesOf(text)));
  }
  return changes.filter(({ from, to, lines }) => to > from || lines.length > 0);
}

function length(lines: readonly string[], index: number): number {
  return lines[index]?.length ?? 0;
}

/** A change without the lines at either end that are the same before and after. */
function trimmed(from: number, old: readonly string[], lines: readonly string[]): Change {
  let head = 0;
  while (head < old.length && head < lines.length && old[head] === lines[head]) head++;
  let tail = 0;
  while (
    tail < old.length - head &&
    tail < lines.length - head &&
    old[old.length - 1 - tail] === lines[lines.length - 1 - tail]
  )
    tail++;
  return { from: from + head, to: from + old.length - tail, lines: lines.slice(head, lines.length - tail) };
}
