import type { Change } from "../engine/engine.ts";
import { isModulePackage } from "./module-kind.ts";
import { type ParsedFile, requiredModule } from "./parsed-file.ts";
import type { Binding } from "./scopes.ts";
import { type Syntax, text } from "./syntax.ts";

/** The edits that import the needed names from `target` and remove the bindings that are no longer used. */
export function planImport(
  file: ParsedFile,
  target: string,
  needed: ReadonlyMap<string, string>,
  dropped: readonly Binding[],
): Change[] {
  const module = usesImport(file);
  const names = [...needed].sort(([, a], [, b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const separator = module ? " as " : ": ";
  const list = names
    .map(([local, name]) => (name === local ? name : `${name}${separator}${local}`))
    .join(", ");
  const changes = removals(file, dropped);
  if (names.length === 0) return changes.map(({ start, end }) => ({ start, end, text: "" }));

  const known = existingList(file, target);
  if (known !== undefined) changes.push({ start: known, end: known, text: `, ${list}`, whole: false });
  else {
    const quote = quoteOf(file);
    const end = semicolonOf(file);
    const space = spaceOf(file);
    const braces = `{${space}${list}${space}}`;
    const line = module
      ? `import ${braces} from ${quote}${target}${quote}${end}`
      : `const ${braces} = require(${quote}${target}${quote})${end}`;
    // Replace a removed import statement, if there is one.
    const free = changes.find((change) => change.whole);
    if (free !== undefined) {
      changes.splice(changes.indexOf(free), 1, { ...free, end: free.statementEnd ?? free.end, text: line });
    } else changes.push({ ...placeOf(file, line, module), whole: false });
  }
  return changes.map(({ start, end, text }) => ({ start, end, text }));
}

interface Removal extends Change {
  /** Whether the whole statement is removed with its line. */
  readonly whole: boolean;
  readonly statementEnd?: number;
}

function removals(file: ParsedFile, dropped: readonly Binding[]): Removal[] {
  const groups = new Map<Syntax, Syntax[]>();
  for (const binding of dropped) {
    const specifier = (binding.declarations[0] as Syntax).parent as Syntax;
    const owner = (specifier.type === "VariableDeclarator" ? specifier : specifier.parent) as Syntax;
    groups.set(owner, [...(groups.get(owner) ?? []), specifier]);
  }
  const changes: Removal[] = [];
  for (const [owner, gone] of groups) {
    const all = (owner.specifiers ?? owner.properties ?? [owner]) as Syntax[];
    const statement = owner.type === "ImportDeclaration" ? owner : declarationOf(owner);
    if (statement === undefined) continue;
    if (gone.length === all.length) {
      const end = lineEnd(file.text, statement.end);
      changes.push({ start: statement.start, end, text: "", whole: true, statementEnd: statement.end });
      continue;
    }
    // An unused default import beside used names, or the reverse, is kept: it is harmless.
    if (all.some((specifier) => specifier.type === "ImportDefaultSpecifier")) continue;
    for (const specifier of gone) {
      const index = all.indexOf(specifier);
      const next = all[index + 1];
      const kept = all
        .slice(0, index)
        .reverse()
        .find((each) => !gone.includes(each));
      if (next !== undefined)
        changes.push({ start: specifier.start, end: next.start, text: "", whole: false });
      else if (kept !== undefined && all[index - 1] === kept) {
        changes.push({ start: kept.end, end: specifier.end, text: "", whole: false });
      }
    }
  }
  return changes;
}

/** The statement `const … = …;`, if it has no other declaration. */
function declarationOf(owner: Syntax): Syntax | undefined {
  const declarator = owner.type === "VariableDeclarator" ? owner : owner.parent;
  const statement = declarator?.parent;
  return statement?.type === "VariableDeclaration" && statement.declarations.length === 1
    ? statement
    : undefined;
}

function lineEnd(source: string, from: number): number {
  const match = /^[ \t]*\r?\n/.exec(source.slice(from, from + 200));
  return match === null ? from : from + match[0].length;
}

/** The end of the last name of an import or require of `target` that has a list of names. */
function existingList(file: ParsedFile, target: string): number | undefined {
  for (const node of file.program.body as Syntax[]) {
    if (node.type === "ImportDeclaration" && node.importKind !== "type" && text(node.source) === target) {
      const last = (node.specifiers as Syntax[]).at(-1);
      if (last?.type === "ImportSpecifier") return last.end;
    }
    if (node.type !== "VariableDeclaration") continue;
    for (const { id, init } of node.declarations as Syntax[]) {
      if (id.type !== "ObjectPattern" || requiredModule(file, init) !== target) continue;
      const last = (id.properties as Syntax[]).at(-1);
      if (last?.type === "Property") return last.end;
    }
  }
  return undefined;
}

/** Whether the file uses `import`, not `require`. */
export function usesImport(file: ParsedFile): boolean {
  if (/\.cjs$/i.test(file.path)) return false;
  // TypeScript compiles `import` to `require` in a `.cts` file.
  if (file.hasModuleSyntax || /\.(?:m[jt]s|cts)$/i.test(file.path)) return true;
  if (
    file.names.globals.has("require") ||
    file.names.globals.has("module") ||
    file.names.globals.has("exports")
  ) {
    return false;
  }
  return file.isTypeScript || isModulePackage(file.path);
}

function quoteOf(file: ParsedFile): string {
  for (const node of file.program.body as Syntax[]) {
    const source =
      node.type === "ImportDeclaration" ? node.source : node.directive !== undefined ? node : undefined;
    if (source) return file.text[source.start] === "'" ? "'" : '"';
  }
  const single = file.text.split("'").length;
  return single > file.text.split('"').length ? "'" : '"';
}

/** The white space inside the braces of imports: `{ a }` or `{a}`. */
function spaceOf(file: ParsedFile): string {
  const first = /\b(?:import|const)\s*(?:type\s*)?\{(\s?)/.exec(file.text);
  return first?.[1] === "" ? "" : " ";
}

function semicolonOf(file: ParsedFile): string {
  for (const node of file.program.body as Syntax[]) {
    if (/^(Import|Variable|Expression|ExportAll)/.test(node.type)) {
      return file.text[node.end - 1] === ";" ? ";" : "";
    }
  }
  return ";";
}

/** Matches comments that belong to the file, not to its first statement. */
const headers =
  /@ts-|eslint|biome-|prettier|@license|@preserve|copyright|licen[cs]ed?|@jest|@vitest|@flow|^\/|@file/i;

function placeOf(file: ParsedFile, line: string, module: boolean): Change {
  const eol = /\r?\n/.exec(file.text)?.[0] ?? "\n";
  const body = file.program.body as Syntax[];
  let last: Syntax | undefined;
  for (const node of body) {
    if (module) {
      if (node.type === "ImportDeclaration" || node.type === "TSImportEqualsDeclaration") last = node;
    } else if (isRequire(file, node)) last = node;
    else if (node.directive === undefined) break;
  }
  last ??= body.filter((node) => node.directive !== undefined).at(-1);
  if (last !== undefined) {
    // A comment at the end of the line stays on its line.
    const rest = /^[ \t]*(?:\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/[ \t]*(?=\r?\n))?/.exec(file.text.slice(last.end));
    const end = last.end + (rest?.[0].trimEnd().length ?? 0);
    const alone = /^[ \t]*(?:\r?\n|$)/.test(file.text.slice(end));
    return { start: end, end, text: eol + line + (alone ? "" : eol) };
  }
  const first = body[0]?.start ?? file.text.length;
  let start = file.program.hashbang ? nextLine(file.text, file.program.hashbang.end) : 0;
  for (const group of commentGroups(file, start, first)) {
    const after = nextLine(file.text, group.end);
    const blank = /^[ \t]*\r?\n/.exec(file.text.slice(after));
    if (blank === null && !headers.test(group.text)) break;
    start = after + (blank?.[0].length ?? 0);
  }
  const gap = /^[ \t]*\r?\n/.test(file.text.slice(start)) || start === file.text.length ? "" : eol;
  return { start, end: start, text: line + eol + gap };
}

/** The comments before the first statement. Adjacent line comments form one group. */
function commentGroups(file: ParsedFile, start: number, end: number): Array<{ end: number; text: string }> {
  const groups: Array<{ end: number; text: string; line: boolean }> = [];
  for (const comment of file.comments) {
    if (comment.start < start || comment.end > end) continue;
    const last = groups.at(-1);
    const between = last === undefined ? "" : file.text.slice(last.end, comment.start);
    const line = comment.type === "Line";
    if (last?.line && line && /^\r?\n[ \t]*$/.test(between)) {
      last.end = comment.end;
      last.text += `\n${comment.value}`;
    } else groups.push({ end: comment.end, text: comment.value, line });
  }
  return groups;
}

function nextLine(source: string, from: number): number {
  const index = source.indexOf("\n", from);
  return index < 0 ? source.length : index + 1;
}

function isRequire(file: ParsedFile, node: Syntax): boolean {
  if (node.type === "ExpressionStatement") return requiredModule(file, node.expression) !== undefined;
  if (node.type !== "VariableDeclaration") return false;
  return (node.declarations as Syntax[]).every(({ init }) => {
    const from = init?.type === "MemberExpression" ? init.object : init;
    return requiredModule(file, from) !== undefined;
  });
}
