import type { Change } from "@hother/cancelable-migrate/engine";
import type { ModuleName } from "./rule.ts";
import type { Scope } from "./scopes.ts";
import type { SourceFile } from "./source-file.ts";
import type { SyntaxNode } from "./tree.ts";

/** The changes at one import statement: names to drop, and modules to import beside it. */
export interface ImportChange {
  readonly scope: Scope;
  readonly dropped: Set<SyntaxNode>;
  readonly modules: Set<ModuleName>;
}

/** The edits of one import statement. Added imports get the same block, indent and line end. */
export function editImport(
  file: SourceFile,
  statement: SyntaxNode,
  dropped: ReadonlySet<SyntaxNode>,
  modules: readonly ModuleName[],
): Change[] {
  const names = statement.children.filter((child) => child.field === "name");
  const added = [...modules].sort((a, b) => Number(a === "anyio") - Number(b === "anyio"));
  if (names.every((name) => dropped.has(name))) return replaceStatement(file, statement, added);
  if (added.length === 1 && dropped.size === 1 && statement.type === "import_statement") {
    const [name] = [...dropped] as [SyntaxNode];
    return [{ start: name.start, end: name.end, text: added[0] as string }];
  }
  return [...dropNames(file, names, dropped), ...addBeside(file, statement, added)];
}

function replaceStatement(file: SourceFile, statement: SyntaxNode, added: readonly ModuleName[]): Change[] {
  const { start, end } = statement;
  if (added.length > 0) return [{ start, end, text: join(file, statement, added) }];
  const siblings = statement.parent?.children.filter((child) => child.type !== "comment") ?? [];
  if (siblings.length < 2 && statement.parent?.type !== "module") return [{ start, end, text: "pass" }];
  const lineEnd = file.lineEnd(end);
  const rest = file.between(end, lineEnd);
  if (file.indent(statement) !== undefined && /^[ \t]*$/.test(rest)) {
    const next = file.text.indexOf("\n", lineEnd);
    const lineStart = start - (file.indent(statement) as string).length;
    return [{ start: lineStart, end: next < 0 ? lineEnd : next + 1, text: "" }];
  }
  const separator = /^[ \t]*;[ \t]*/.exec(rest);
  if (separator !== null) return [{ start, end: end + separator[0].length, text: "" }];
  return [{ start, end, text: "pass" }];
}

function join(file: SourceFile, statement: SyntaxNode, added: readonly ModuleName[]): string {
  const indent = file.indent(statement);
  const alone = indent !== undefined && file.standsAlone(statement);
  return added.map((module) => `import ${module}`).join(alone ? file.eol + indent : "; ");
}

function dropNames(
  file: SourceFile,
  names: readonly SyntaxNode[],
  dropped: ReadonlySet<SyntaxNode>,
): Change[] {
  const edits: Change[] = [];
  names.forEach((name, index) => {
    if (!dropped.has(name)) return;
    const next = names[index + 1];
    const kept = names
      .slice(0, index)
      .filter((other) => !dropped.has(other))
      .at(-1);
    if (next !== undefined) edits.push({ start: name.start, end: next.start, text: "" });
    else if (kept !== undefined) {
      // The last name is removed with the comma before it; dropped names in between have edits of their own.
      const from = kept.end;
      const tail = names.indexOf(kept) + 1;
      const cut = names[tail]?.start ?? name.start;
      edits.push({ start: from, end: tail === index ? name.end : cut, text: "" });
      if (tail !== index) edits.push({ start: name.start, end: name.end, text: "" });
    }
  });
  return edits.filter((edit) => file.between(edit.start, edit.end) !== "");
}

function addBeside(file: SourceFile, statement: SyntaxNode, added: readonly ModuleName[]): Change[] {
  if (added.length === 0) return [];
  if (!file.standsAlone(statement)) {
    const text = added.map((module) => `; import ${module}`).join("");
    return [{ start: statement.end, end: statement.end, text }];
  }
  const at = file.lineEnd(statement.end);
  const indent = file.indent(statement) ?? "";
  return [
    { start: at, end: at, text: added.map((module) => `${file.eol}${indent}import ${module}`).join("") },
  ];
}
