import type { Change, Rule } from "@hother/cancelable-migrate/engine";
import type { AsyncioOptions } from "./options.ts";
import type { Reference } from "./references.ts";
import type { Region } from "./reindent.ts";
import type { ScopeTable } from "./scopes.ts";
import type { SourceFile } from "./source-file.ts";
import type { SyntaxNode } from "./tree.ts";

/** The reference can be rewritten by these edits, once the named modules are imported. */
export interface Rewrite {
  readonly class: "S" | "R";
  readonly edits: readonly Change[];
  readonly modules: readonly ModuleName[];
  /** The new text still uses the name that the reference used. */
  readonly keepsName?: true;
  /** Rewrites of one plan, all or none of which are made. */
  readonly together?: Together;
  /** Lines around the edits that go one block deeper. */
  readonly indents?: Region;
}

/** Stands for a plan over several references; each of its rewrites points to the same object. */
export interface Together {
  readonly size: number;
}

/** Modules that rewritten code may need. */
export type ModuleName = "anyio" | "functools" | "inspect" | "math" | "subprocess";

/** The reference is left for a person. */
export interface Review {
  readonly class: "M" | "X";
  readonly reason: string;
  readonly suggestion: string;
}

/** Ask again when every other reference has its verdict. */
export interface Later {
  readonly class: "later";
}

export type Verdict = Rewrite | Review | Later;

export interface RuleContext {
  readonly file: SourceFile;
  readonly scopes: ScopeTable;
  readonly options: AsyncioOptions;
  readonly references: readonly Reference[];
  /** Whether the oldest anyio (Python) to support has this version's features. */
  anyioHas(version: string): boolean;
  pythonHas(version: string): boolean;
  /** Marks a call as started by the rewrite around it, as if it were awaited. */
  consume(call: SyntaxNode): void;
  isConsumed(call: SyntaxNode): boolean;
  /** A name that nothing in the file uses, and no other rewrite in the function around `near`. */
  freeName(wanted: string, near: SyntaxNode): string;
  /** The verdict on an earlier reference; in a second round, on any. */
  verdictOn(reference: Reference): Verdict | undefined;
}

/** One row of the table: an API of asyncio and what becomes of it. */
export interface AsyncioRule extends Rule {
  /** Names without `asyncio.`, as in `Reference.api`. */
  readonly apis: readonly string[];
  apply(reference: Reference, context: RuleContext): Verdict;
}

/** A rule that only ever marks. */
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

/** How the table names a rule's APIs. */
export function apiColumn(apis: readonly string[]): string {
  return apis
    .map((api) => (/^(loop|pytest|pytest_asyncio|unittest)\./.test(api) ? api : `asyncio.${api}`))
    .join(", ");
}
