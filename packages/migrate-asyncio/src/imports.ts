import type { Change, Mark } from "@hother/cancelable-migrate/engine";
import { editImport, type ImportChange } from "./import-edits.ts";
import { isHandedOn, type Mentions } from "./mentions.ts";
import { moduleState } from "./modules.ts";
import type { Outcome } from "./outcome.ts";
import { belowAsyncio, type Origin, type Reference } from "./references.ts";
import type { ModuleName } from "./rule.ts";
import type { Binding, Scope } from "./scopes.ts";
import type { SourceFile } from "./source-file.ts";
import { isInside, type SyntaxNode } from "./tree.ts";

export interface ImportPlan {
  readonly edits: readonly Change[];
  readonly marks: readonly Mark[];
  /** The origins whose import statements stay. */
  readonly kept: ReadonlySet<Origin>;
}

/** Plans the edits of the import lines from the verdicts on all uses. */
export function planImports(
  file: SourceFile,
  origins: readonly Origin[],
  uses: readonly Reference[],
  outcomes: readonly Outcome[],
  mentions: Mentions,
): ImportPlan {
  const rewritten = new Set<Reference>();
  for (const { reference, verdict } of outcomes) {
    if ("edits" in verdict && verdict.keepsName !== true) rewritten.add(reference);
  }
  const kept = new Set<Origin>();
  const marks: Mark[] = [];
  const changes = new Map<SyntaxNode, ImportChange>();
  for (const origin of origins) {
    const own = uses.filter((use) => use.origin === origin);
    const drops = own.length > 0 && own.every((use) => rewritten.has(use));
    const needed = neededModules(origin, outcomes, file);
    for (const binding of origin.bindings) {
      if (binding.statement === undefined || belowAsyncio(binding.target) === undefined) continue;
      const reason = origin.obstacle ?? (own.length === 0 ? unused : undefined);
      if (reason !== undefined) marks.push(importMark(binding, reason));
      const drop = drops && !isHandedOn(origin, binding, mentions, file);
      if (!drop) kept.add(origin);
      const change = changes.get(binding.statement) ?? newChange(origin.scope);
      if (drop) change.dropped.add(binding.node);
      for (const module of needed) change.modules.add(module);
      changes.set(binding.statement, change);
    }
  }
  const edits: Change[] = [];
  const ordered = [...changes].sort(([a], [b]) => a.start - b.start);
  ordered.forEach(([statement, change], index) => {
    const missing = [...change.modules].filter(
      (module) =>
        !ordered
          .slice(0, index)
          .some(([earlier, other]) => covers(earlier, other, statement, change, module)),
    );
    edits.push(...editImport(file, statement, change.dropped, missing));
  });
  return { edits, marks, kept };
}

const unused = "The import is not used in this file. Other modules may import the name from here.";

function newChange(scope: Scope): ImportChange {
  return { scope, dropped: new Set(), modules: new Set() };
}

/** Whether the module that an earlier statement of the same scope imports is also visible at this statement. */
function covers(
  earlier: SyntaxNode,
  other: ImportChange,
  statement: SyntaxNode,
  change: ImportChange,
  module: ModuleName,
): boolean {
  if (other.scope !== change.scope || !other.modules.has(module)) return false;
  return earlier.parent !== undefined && isInside(statement, earlier.parent);
}

function neededModules(
  origin: Origin,
  outcomes: readonly Outcome[],
  file: SourceFile,
): ReadonlySet<ModuleName> {
  const needed = new Set<ModuleName>();
  for (const { reference, verdict } of outcomes) {
    if (reference.origin !== origin || !("edits" in verdict)) continue;
    for (const module of verdict.modules) {
      if (moduleState(module, reference.scope, file) === "absent") needed.add(module);
    }
  }
  return needed;
}

function importMark(binding: Binding, reason: string): Mark {
  return {
    start: binding.node.start,
    rule: "import-asyncio",
    api: binding.target ?? "asyncio",
    class: "M",
    reason,
    suggestion: "Use a plain `import asyncio`: the tool can follow its uses.",
  };
}
