import type { FileAnalysis } from "@hother/cancelable-migrate/engine";
import { type SyntaxNode, walk } from "../tree.ts";

/** A fact about a Python file that its project files need. */
export type ProjectNote =
  /** The file imports anyio, or will do so after the edits of this run. */
  | "anyio"
  /** The file still uses pytest-asyncio. */
  | "pytest-asyncio"
  /** The file has an `anyio_backend` fixture. */
  | "anyio-backend";

/** A cheap test before parsing: whether a file may import anyio. */
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

/** Whether a file has an import of anyio that is required: outside a `try`, and not only for types. */
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
