import type { Edit } from "@hother/cancelable-migrate/engine";
import type { SourceFile } from "./source-file.ts";
import { type SyntaxNode, walk } from "./tree.ts";

/** The lines that a rewrite indents by one level: lines that begin after `start` and before `end`. */
export interface Region {
  readonly start: number;
  readonly end: number;
  /** One level of indent in the style of the file. */
  readonly level: string;
}

/** Adds edits that indent the lines of the regions, and indents the lines that other edits add there. */
export function reindent(
  file: SourceFile,
  edits: readonly Edit[],
  regions: readonly (Region & { readonly like: Edit })[],
): Edit[] {
  if (regions.length === 0) return [...edits];
  const levels = (at: number): string =>
    regions
      .filter(({ start, end }) => start < at && at < end)
      .map(({ level }) => level)
      .join("");
  const moved: Edit[] = edits.map((edit) => ({
    ...edit,
    text: edit.text.replace(/\n(?!\r?\n)/g, `\n${levels(edit.start)}`),
  }));
  const strings = longStrings(file.root);
  const done = new Set<number>();
  for (const { start, end, like } of regions) {
    for (let at = nextLine(file, start); at < end && at > 0; at = nextLine(file, at)) {
      if (done.has(at) || file.lineEnd(at) === at || strings.some((text) => text.start < at && text.end > at))
        continue;
      if (edits.some((edit) => hides(edit, at, file))) continue;
      done.add(at);
      moved.push({ ...like, start: at, end: at, text: levels(at), companion: true });
    }
  }
  return moved.sort((a, b) => a.start - b.start || a.end - b.end);
}

/** Whether an edit removes the line break before a line, or the whole line. */
function hides(edit: Edit, lineStart: number, file: SourceFile): boolean {
  if (edit.start < lineStart && edit.end > lineStart) return true;
  const whole = edit.start === lineStart && edit.text === "" && file.text[edit.end - 1] === "\n";
  return whole && edit.end > lineStart;
}

function nextLine(file: SourceFile, at: number): number {
  return file.text.indexOf("\n", at) + 1;
}

/** All strings. The lines of a multi-line string must keep their indent. */
function longStrings(root: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  walk(root, (node) => {
    if (node.type === "string") found.push(node);
    return undefined;
  });
  return found;
}
