import type { Edit, FileAnalysis, Mark } from "@hother/cancelable-migrate/engine";
import { findDerived } from "./derived.ts";
import { planImports } from "./imports.ts";
import { findLoopUses } from "./loop-uses.ts";
import { findMentions } from "./mentions.ts";
import type { AsyncioOptions } from "./options.ts";
import type { Outcome } from "./outcome.ts";
import { belowAsyncio, findUses, type Origin, Origins, type Reference } from "./references.ts";
import { type Region, reindent } from "./reindent.ts";
import { type Review, type Rewrite, reasonOf, review } from "./rule.ts";
import { keepTogether, RuleRun } from "./rule-run.ts";
import { ruleFor } from "./rules.ts";
import { buildScopes } from "./scope-builder.ts";
import type { Scope, ScopeTable } from "./scopes.ts";
import { SourceFile } from "./source-file.ts";
import type { SyntaxNode } from "./tree.ts";

/** Turns every reference of a parsed file into exactly one group of edits or one mark. */
export function analyzeTree(
  path: string,
  text: string,
  root: SyntaxNode,
  options: AsyncioOptions,
): FileAnalysis {
  const file = new SourceFile(path, text, root);
  const scopes = buildScopes(root, text);
  const origins = new Origins();
  const uses = findUses(file, scopes, origins);
  const selected = (rule: string): boolean => options.only === undefined || options.only.includes(rule);
  const references = [...uses, ...findLoopUses(file, scopes, uses), ...findDerived(file, scopes)].sort(
    (a, b) => a.node.start - b.node.start,
  );
  const run = new RuleRun(file, scopes, options, references);
  const decided = run.decideAll().filter(({ reference }) => selected(ruleFor(reference.api).name));
  const outcomes = keepTogether(separate(keepTogether(decided)));
  const mentions = findMentions(file, scopes);
  const plan = planImports(file, importOrigins(scopes, origins), uses, outcomes, mentions);
  const written: Edit[] = plan.edits.map((edit) => importEdit(edit));
  const regions: (Region & { like: Edit })[] = [];
  const marks = [...mentions.marks, ...plan.marks].filter((mark) => selected(mark.rule));
  for (const outcome of outcomes) {
    const verdict = withoutEcho(outcome, plan.kept, file);
    if (!("edits" in verdict)) {
      marks.push(markOf(outcome.reference, verdict));
      continue;
    }
    const group = groupOf(outcome.reference, verdict);
    written.push(...group);
    if (verdict.indents !== undefined && group[0] !== undefined)
      regions.push({ ...verdict.indents, like: group[0] });
  }
  written.sort((a, b) => a.start - b.start || a.end - b.end);
  const edits = reindent(file, written, regions);
  marks.sort((a, b) => a.start - b.start);
  const found = marks.length + edits.filter((edit) => edit.companion === undefined).length;
  return { edits, marks, references: found };
}

/** All names that the file binds to asyncio, including unused ones. */
function importOrigins(scopes: ScopeTable, origins: Origins): Origin[] {
  const found: Origin[] = [];
  const visit = (scope: Scope): void => {
    for (const [name, bindings] of scope.bindings) {
      if (!bindings.some((binding) => belowAsyncio(binding.target) !== undefined)) continue;
      const origin = origins.get(scope, name);
      if (origin !== undefined) found.push(origin);
    }
    for (const inner of scope.inner) visit(inner);
  };
  visit(scopes.module);
  return found;
}

/** Marks all rewrites that change the same text. A second run then finds the same marks. */
function separate(outcomes: readonly Outcome[]): Outcome[] {
  const spans: { start: number; end: number; outcome: Outcome }[] = [];
  for (const outcome of outcomes) {
    if (!("edits" in outcome.verdict)) continue;
    for (const { start, end } of outcome.verdict.edits) spans.push({ start, end, outcome });
  }
  spans.sort((a, b) => a.start - b.start || a.end - b.end);
  const crossed = new Set<Outcome>();
  let widest = spans[0];
  for (const span of spans.slice(1)) {
    if (widest !== undefined && span.start < widest.end && span.outcome !== widest.outcome) {
      crossed.add(span.outcome).add(widest.outcome);
    }
    if (widest === undefined || span.end >= widest.end) widest = span;
  }
  if (crossed.size === 0) return [...outcomes];
  return outcomes.map((outcome) =>
    crossed.has(outcome) ? { reference: outcome.reference, verdict: entangled } : outcome,
  );
}

const entangled: Review = review(
  "This rewrite and another one change the same text.",
  "Rewrite the inner call by hand, then run again.",
);

/** Marks a rewrite to a builtin such as `TimeoutError` while an import of the same name stays and hides it. */
function withoutEcho(
  { reference, verdict }: Outcome,
  kept: ReadonlySet<Origin>,
  file: SourceFile,
): Rewrite | Review {
  if (!("edits" in verdict) || !kept.has(reference.origin)) return verdict;
  const changes = verdict.edits.some(({ start, end, text }) => file.between(start, end) !== text);
  if (changes) return verdict;
  return review(
    "The imported name hides the builtin, and the import stays.",
    "Rename the import, so that the builtin is visible.",
  );
}

function groupOf(reference: Reference, verdict: Rewrite): Edit[] {
  const rule = ruleFor(reference.api);
  const api = displayName(reference.api);
  return verdict.edits.map((edit, index) => ({
    ...edit,
    rule: rule.name,
    api,
    class: verdict.class,
    reason: reasonOf(verdict, rule),
    ...(index === 0 ? {} : { companion: true as const }),
  }));
}

function markOf(reference: Reference, verdict: Review): Mark {
  return {
    start: reference.node.start,
    rule: ruleFor(reference.api).name,
    api: displayName(reference.api),
    class: verdict.class,
    reason: verdict.reason,
    suggestion: verdict.suggestion,
  };
}

function importEdit(edit: { start: number; end: number; text: string }): Edit {
  const reason = "The import follows the rewrites.";
  return { ...edit, rule: "import-asyncio", api: "import asyncio", class: "S", companion: true, reason };
}

function displayName(api: string): string {
  if (api === "") return "asyncio";
  return /^(loop|pytest|pytest_asyncio|unittest)\./.test(api) ? api : `asyncio.${api}`;
}
