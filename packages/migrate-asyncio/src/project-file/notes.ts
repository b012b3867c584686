import type { FileAnalysis } from "@hother/cancelable-migrate/engine";
import { type SyntaxNode, walk } from "../tree.ts";

/** What a Python file says to the project files around it. */
export type ProjectNote =
  /** It needs anyio: it imports it, or will after this run's edits. */
  | "anyio"
  /** It stays with pytest-asyncio. */
  | "pytest-asyncio"
  /** It has an `anyio_backend` fixture. */
  | "anyio-backend";

/** Cheap test before parsing: whether a file may need anyio without any word of asyncio. */
export function mayImportAnyio(text: string): boolean {
  return text.includes("anyio") && /^[ \t]*(?:import|from)[ \t][^\n]*\banyio\b/m.test(text);
}

export function pythonNotes(text: string, root: SyntaxNode, { edits, marks }: FileAnalysis): ProjectNote[] {
  const notes: ProjectNote[] = [];
  if (edits.some((edit) => /\banyio\b/.test(edit.text)) || importsAnyio(text, root)) notes.push("anyio");
  if (marks.some(({ api }) => /^pytest(?:\.mark\.asyncio|_asyncio)/.test(api))) notes.push("pytest-asyncio");
  if (/\bdef anyio_backend\b/.test(text) || edits.some((edit) => /\bdef anyio_backend\b/.test(edit.text)))
    notes.push("anyio-backend");
  return notes;
}

/** An import that has to succeed: not one in a `try`, and not one for types alone. */
function importsAnyio(text: string, root: SyntaxNode): boolean {
  if (!mayImportAnyio(text)) return false;
  let found = false;
  walk(root, (node) => {
    if (found || node.type === "try_statement") return false;
    if (
      node.type === "if_statement" &&
      /^if\s+(?:\w+\.)?TYPE_CHECKING\b/.test(text.slice(node.start, node.end))
    )
      return false;
    if (node.type === "import_statement" || node.type === "import_from_statement")
      found = /^(?:import\s(?:[^#]*[\s,])?|from\s+)anyio\b/.test(text.slice(node.start, node.end));
    return !found;
  });
  return found;
}
