import type { Mark } from "@hother/cancelable-migrate/engine";
import { belowAsyncio, type Origin } from "./references.ts";
import type { Binding, ScopeTable } from "./scopes.ts";
import type { SourceFile } from "./source-file.ts";
import { childOf, type SyntaxNode, walk } from "./tree.ts";

/** Places that name asyncio without using an imported name. */
export interface Mentions {
  readonly marks: readonly Mark[];
  /** Names in `__all__`. */
  readonly exported: ReadonlySet<string>;
  /** First words of dotted paths in strings: `asyncio` in `"asyncio.Task"`. */
  readonly quoted: ReadonlySet<string>;
}

const path = /^["']?(?:[\w.]+\[)*["']?(?:\w+\.)*asyncio(?:\.\w+)+[\w.\[\], |"']*$/;

export function findMentions(file: SourceFile, scopes: ScopeTable): Mentions {
  const marks: Mark[] = [];
  const quoted = new Set<string>();
  walk(file.root, (node) => {
    if (node.type === "string_content" && path.test(file.of(node)) && !isDocstring(node)) {
      quoted.add("asyncio");
      marks.push(stringMark(node, file));
      return false;
    }
    if (node.type === "import_from_statement" && isStar(node, file)) marks.push(starMark(node));
    return undefined;
  });
  const exported = exportedNames(file, scopes);
  for (const [name, bindings] of scopes.module.bindings) {
    for (const binding of bindings) {
      if (isForeign(name, binding)) marks.push(foreignMark(binding));
    }
  }
  return { marks, exported, quoted };
}

function stringMark(node: SyntaxNode, file: SourceFile): Mark {
  return {
    start: node.start,
    rule: "string-mention",
    api: file.of(node),
    class: "M",
    reason:
      "A string names asyncio by its path, as in a patch or a quoted annotation. Strings are not edited.",
    suggestion: "Change the path to the function that the code calls after the migration.",
  };
}

function isDocstring(content: SyntaxNode): boolean {
  return content.parent?.parent?.type === "expression_statement";
}

function isStar(statement: SyntaxNode, file: SourceFile): boolean {
  const source = childOf(statement, "module_name");
  if (source === undefined || belowAsyncio(file.of(source)) === undefined) return false;
  return statement.children.some((child) => child.type === "wildcard_import");
}

function starMark(statement: SyntaxNode): Mark {
  return {
    start: statement.start,
    rule: "import-star",
    api: "from asyncio import *",
    class: "M",
    reason: "A star import hides which names of asyncio this file uses.",
    suggestion: "Import the used names, or `import asyncio`, and run again.",
  };
}

/** Whether another module re-exports asyncio: `from .compat import asyncio`. */
function isForeign(name: string, binding: Binding): boolean {
  const { target } = binding;
  if (target === undefined || belowAsyncio(target) !== undefined) return false;
  return target.endsWith(".asyncio") && target !== "asyncio" && name !== "";
}

function foreignMark(binding: Binding): Mark {
  return {
    start: binding.node.start,
    rule: "re-export",
    api: binding.target ?? "",
    class: "M",
    reason: "The name comes from another module. This file does not show whether it is asyncio.",
    suggestion: "Import asyncio itself, and run again.",
  };
}

/** The names in a literal `__all__`. */
function exportedNames(file: SourceFile, scopes: ScopeTable): ReadonlySet<string> {
  const names = new Set<string>();
  for (const binding of scopes.module.bindings.get("__all__") ?? []) {
    const value = binding.node.parent;
    if (value !== undefined) {
      walk(value, (node) => {
        if (node.type === "string_content") names.add(file.of(node));
        return undefined;
      });
    }
  }
  return names;
}

/** Whether other code may import the name from this file. */
export function isHandedOn(origin: Origin, binding: Binding, mentions: Mentions, file: SourceFile): boolean {
  if (origin.scope.kind !== "module") return false;
  if (mentions.exported.has(origin.name) || mentions.quoted.has(origin.name)) return true;
  const text = file.of(binding.node);
  // Type checkers read `import x as x` and `from m import x as x` as a re-export.
  if (/^([\w.]+)\s+as\s+\1$/.test(text)) return true;
  return /(^|[\\/])__init__\.pyi?$/.test(file.path) && binding.target !== "asyncio";
}
