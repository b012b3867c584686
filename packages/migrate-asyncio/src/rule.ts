import type { Change, Rule } from "@hother/cancelable-migrate/engine";
import type { AsyncioOptions } from "./options.ts";
import type { Reference } from "./references.ts";
import type { Region } from "./reindent.ts";
import type { ScopeTable } from "./scopes.ts";
import type { SourceFile } from "./source-file.ts";
import type { SyntaxNode } from "./tree.ts";

/** A verdict: these edits rewrite the reference, once the modules are imported. */
export interface Rewrite {
  readonly class: "S" | "R";
  readonly edits: readonly Change[];
  readonly modules: readonly ModuleName[];
  /** The change in behaviour at this place. Default: the rule's `change`. */
  readonly reason?: string;
  /** Set if the new text still uses the name of the reference. */
  readonly keepsName?: true;
  /** The plan of the rewrite. Either all rewrites of a plan are made or none. */
  readonly together?: Together;
  /** Lines around the edits that are indented by one level. */
  readonly indents?: Region;
}

/** A plan over several references. Each of its rewrites refers to the same object. */
export interface Together {
  readonly size: number;
}

/** Modules that rewritten code may need. */
export type ModuleName = "anyio" | "functools" | "inspect" | "math" | "subprocess";

/** A verdict: the reference is left for review. */
export interface Review {
  readonly class: "M" | "X";
  readonly reason: string;
  readonly suggestion: string;
}

/** A verdict: ask again when every other reference has a verdict. */
export interface Later {
  readonly class: "later";
}

export type Verdict = Rewrite | Review | Later;

export interface RuleContext {
  readonly file: SourceFile;
  readonly scopes: ScopeTable;
  readonly options: AsyncioOptions;
  readonly references: readonly Reference[];
  /** Whether the oldest supported anyio or Python is at least this version. */
  anyioHas(version: string): boolean;
  pythonHas(version: string): boolean;
  /** Records that the rewrite of an outer call starts this call, so that it counts as awaited. */
  consume(call: SyntaxNode): void;
  isConsumed(call: SyntaxNode): boolean;
  /** A name that is unused in the file and by other rewrites in the function around `near`. */
  freeName(wanted: string, near: SyntaxNode): string;
  /** The verdict on an earlier reference; in a later round, on any reference. */
  verdictOn(reference: Reference): Verdict | undefined;
}

/** One row of the table: an API of asyncio and its rule. */
export interface AsyncioRule extends Rule {
  /** Names without `asyncio.`, as in `Reference.api`. */
  readonly apis: readonly string[];
  /** The change in behaviour after a rewrite, for the report. Set for classes S and R. */
  readonly change?: string;
  apply(reference: Reference, context: RuleContext): Verdict;
}

/** A rule that always marks. */
export interface ReviewRule {
  readonly name: string;
  readonly apis: readonly string[];
  readonly class: "M" | "X";
  readonly summary: string;
  readonly target: string;
  readonly reason: string;
  readonly suggestion: string;
}

export function reviewRule(row: ReviewRule): AsyncioRule {
  const { reason, suggestion } = row;
  return {
    name: row.name,
    api: apiColumn(row.apis),
    apis: row.apis,
    class: row.class,
    summary: row.summary,
    target: row.target,
    apply: () => ({ class: row.class, reason, suggestion }),
  };
}

export function review(reason: string, suggestion: string): Review {
  return { class: "M", reason, suggestion };
}

/** The APIs of a rule, as the documentation names them. */
export function apiColumn(apis: readonly string[]): string {
  return apis
    .map((api) => (/^(loop|pytest|pytest_asyncio|unittest)\./.test(api) ? api : `asyncio.${api}`))
    .join(", ");
}

/** The change in behaviour at one place. */
export function reasonOf(verdict: Rewrite, rule: AsyncioRule): string {
  return verdict.reason ?? rule.change ?? rule.summary;
}
