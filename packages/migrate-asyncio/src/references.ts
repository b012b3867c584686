import { canonicalApi, isSubmodule } from "./api.ts";
import type { Binding, Scope, ScopeTable } from "./scopes.ts";
import type { SourceFile } from "./source-file.ts";
import type { SyntaxNode } from "./tree.ts";

/** One use of asyncio, or of a test framework's name that stands for asyncio. */
export interface Reference {
  /** The name of the API without `asyncio.`: `sleep`, `subprocess.PIPE`, `loop.time`; `""` for the module itself. */
  readonly api: string;
  /** The whole expression that names the API. */
  readonly node: SyntaxNode;
  readonly scope: Scope;
  /** The imported name through which the use reaches asyncio. */
  readonly origin: Origin;
}

/** A name that an import binds to asyncio or to a part of it. */
export interface Origin {
  readonly name: string;
  readonly scope: Scope;
  readonly bindings: readonly Binding[];
  /** The reason why uses of the name cannot be followed. */
  readonly obstacle: string | undefined;
}

/** The dotted path below `asyncio` that an import target names; undefined for other modules. */
export function belowAsyncio(target: string | undefined): string | undefined {
  if (target === "asyncio") return "";
  return target?.startsWith("asyncio.") ? target.slice("asyncio.".length) : undefined;
}

/** The origins of a file: in every scope, the names that at least one import binds to asyncio. */
export class Origins {
  readonly #known: Map<Scope, Map<string, Origin | undefined>> = new Map();

  get(scope: Scope, name: string): Origin | undefined {
    let names = this.#known.get(scope);
    if (names === undefined) {
      names = new Map();
      this.#known.set(scope, names);
    }
    if (!names.has(name)) names.set(name, originOf(scope, name));
    return names.get(name);
  }
}

function originOf(scope: Scope, name: string): Origin | undefined {
  const bindings = scope.bindings.get(name) ?? [];
  const targets = bindings.map((binding) => belowAsyncio(binding.target));
  if (!targets.some((target) => target !== undefined)) return undefined;
  let obstacle: string | undefined;
  if (targets.some((target) => target !== targets[0])) {
    obstacle = `\`${name}\` has another binding beside the import.`;
  } else if (bindings.some((binding) => binding.statement && isGuardedImport(binding.statement))) {
    obstacle = `\`${name}\` is imported under \`try\` with a fallback.`;
  }
  return { name, scope, bindings, obstacle };
}

/** Whether an import stands in the body of a `try` that has an `except`. */
function isGuardedImport(statement: SyntaxNode): boolean {
  for (let at = statement; at.parent !== undefined; at = at.parent) {
    if (at.type === "function_definition" || at.type === "class_definition") return false;
    const guarded = at.parent.children.some((child) => child.type === "except_clause");
    if (at.parent.type === "try_statement" && at.field === "body" && guarded) return true;
    if (at.type === "except_clause") return true;
  }
  return false;
}

/** All uses of names that an import binds to asyncio, in the order of the source. */
export function findUses(file: SourceFile, scopes: ScopeTable, origins: Origins): Reference[] {
  const found: Reference[] = [];
  for (const [name, occurrences] of scopes.occurrences) {
    for (const { node, scope } of occurrences) {
      const owner = scope.find(name);
      const origin = owner && origins.get(owner, name);
      if (origin === undefined) continue;
      const target = origin.bindings
        .map((binding) => belowAsyncio(binding.target))
        .find((path) => path !== undefined);
      found.push({ ...climb(node, target ?? "", file), scope, origin });
    }
  }
  return found.sort((a, b) => a.node.start - b.node.start);
}

/** Follows `.name` from an identifier for `path` up to an API. */
function climb(identifier: SyntaxNode, path: string, file: SourceFile): { api: string; node: SyntaxNode } {
  let node = identifier;
  let api = path;
  while (isSubmodule(api) || api === "") {
    const parent = node.parent;
    if (parent?.type !== "attribute" || node.field !== "object") break;
    const name = parent.children.find((child) => child.field === "attribute");
    if (name === undefined) break;
    api = api === "" ? file.of(name) : `${api}.${file.of(name)}`;
    node = parent;
  }
  return { api: canonicalApi(api), node };
}
