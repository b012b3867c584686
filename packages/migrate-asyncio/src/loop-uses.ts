import { callOf } from "./call.ts";
import type { Reference } from "./references.ts";
import type { Occurrence, ScopeTable } from "./scopes.ts";
import type { SourceFile } from "./source-file.ts";
import type { SyntaxNode } from "./tree.ts";

const loopMakers: ReadonlySet<string> = new Set(["get_running_loop", "get_event_loop", "new_event_loop"]);

/** Finds method calls on an event loop that a local variable holds: `loop = asyncio.get_running_loop()`. */
export function findLoopUses(file: SourceFile, scopes: ScopeTable, uses: readonly Reference[]): Reference[] {
  const found: Reference[] = [];
  for (const reference of uses) {
    const variable = loopVariable(reference, file);
    if (variable === undefined) continue;
    for (const { node, scope } of variableOccurrences(variable, reference, scopes)) {
      if (node.parent?.type !== "attribute" || node.field !== "object") continue;
      const name = node.parent.children.find((child) => child.field === "attribute");
      if (name === undefined) continue;
      found.push({
        api: `loop.${file.of(name)}`,
        node: node.parent,
        scope,
        origin: reference.origin,
      });
    }
  }
  return found;
}

/** The variable that holds the loop a reference returns, if the variable is assigned only once. */
export function loopVariable(reference: Reference, file: SourceFile): string | undefined {
  if (!loopMakers.has(reference.api)) return undefined;
  const assignment = callOf(reference)?.parent;
  const target = assignment?.children.find((child) => child.field === "left");
  if (assignment?.type !== "assignment" || target?.type !== "identifier") return undefined;
  const name = file.of(target);
  const scope = reference.scope;
  return scope.kind !== "class" && scope.bindings.get(name)?.length === 1 ? name : undefined;
}

/** Every use of the variable in the scope of its assignment. */
export function variableUses(name: string, reference: Reference, scopes: ScopeTable): SyntaxNode[] {
  return variableOccurrences(name, reference, scopes).map(({ node }) => node);
}

function variableOccurrences(name: string, reference: Reference, scopes: ScopeTable): Occurrence[] {
  return (scopes.occurrences.get(name) ?? []).filter(({ scope }) => scope.find(name) === reference.scope);
}
