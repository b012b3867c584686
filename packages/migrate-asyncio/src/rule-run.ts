import { isStore } from "./call.ts";
import { moduleState } from "./modules.ts";
import type { AsyncioOptions } from "./options.ts";
import type { Outcome } from "./outcome.ts";
import type { Reference } from "./references.ts";
import {
  type Review,
  type Rewrite,
  type RuleContext,
  reasonOf,
  review,
  type Together,
  type Verdict,
} from "./rule.ts";
import { ruleFor } from "./rules.ts";
import type { ScopeTable } from "./scopes.ts";
import type { SourceFile } from "./source-file.ts";
import type { SyntaxNode } from "./tree.ts";
import { atLeast } from "./version.ts";

/** Applies the rule of each reference, outer calls before inner ones. */
export class RuleRun implements RuleContext {
  readonly file: SourceFile;
  readonly scopes: ScopeTable;
  readonly options: AsyncioOptions;
  readonly references: readonly Reference[];
  readonly #verdicts: Map<Reference, Verdict> = new Map();
  readonly #consumed: Set<SyntaxNode> = new Set();
  readonly #taken: Map<SyntaxNode, Set<string>> = new Map();

  constructor(
    file: SourceFile,
    scopes: ScopeTable,
    options: AsyncioOptions,
    references: readonly Reference[],
  ) {
    this.file = file;
    this.scopes = scopes;
    this.options = options;
    this.references = references;
  }

  decideAll(): Outcome[] {
    for (const reference of this.references) this.#verdicts.set(reference, this.#decide(reference));
    // Two further rounds: a verdict may depend on one that is itself late.
    for (let round = 0; round < 2; round++) {
      for (const reference of this.references) {
        if (this.#verdicts.get(reference)?.class === "later")
          this.#verdicts.set(reference, this.#decide(reference));
      }
    }
    return this.references.map((reference) => {
      const verdict = this.#verdicts.get(reference);
      return { reference, verdict: verdict === undefined || verdict.class === "later" ? unclear : verdict };
    });
  }

  #decide(reference: Reference): Verdict {
    const { obstacle } = reference.origin;
    if (obstacle !== undefined)
      return review(obstacle, "Keep one plain import, or migrate these uses by hand.");
    if (isStore(reference.node)) {
      return review(
        "The code replaces a name of asyncio here.",
        "Patch a function of the program instead, or anyio's function.",
      );
    }
    const rule = ruleFor(reference.api);
    if (this.options.only !== undefined && !this.options.only.includes(rule.name)) return unselected;
    const verdict = rule.apply(reference, this);
    if (!("edits" in verdict)) return verdict;
    if (verdict.class === "R" && !this.options.structural) {
      return review(reasonOf(verdict, rule), `Run with --structural to use \`${rule.target}\`.`);
    }
    return this.#withModules(reference, verdict);
  }

  #withModules(reference: Reference, verdict: Rewrite): Rewrite | Review {
    for (const module of verdict.modules) {
      if (moduleState(module, reference.scope, this.file) === "taken") {
        return review(
          `The name \`${module}\` has another meaning here.`,
          `Rename it, so that \`import ${module}\` can be used.`,
        );
      }
    }
    return verdict;
  }

  anyioHas(version: string): boolean {
    return atLeast(this.options.anyioMin ?? "4.0", version);
  }

  pythonHas(version: string): boolean {
    return atLeast(this.options.pythonMin ?? "3.11", version);
  }

  consume(call: SyntaxNode): void {
    if (this.options.structural) this.#consumed.add(call);
  }

  isConsumed(call: SyntaxNode): boolean {
    return this.#consumed.has(call);
  }

  freeName(wanted: string, near: SyntaxNode): string {
    const place = outermost(near);
    const taken = this.#taken.get(place) ?? new Set();
    this.#taken.set(place, taken);
    for (let number = 1; ; number++) {
      const name = number === 1 ? wanted : `${wanted}_${number}`;
      if (taken.has(name) || new RegExp(`\\b${name}\\b`).test(this.file.text)) continue;
      taken.add(name);
      return name;
    }
  }

  verdictOn(reference: Reference): Verdict | undefined {
    return this.#verdicts.get(reference);
  }
}

/** The outermost function around a node. */
function outermost(node: SyntaxNode): SyntaxNode {
  let found: SyntaxNode | undefined;
  let at = node;
  for (; at.parent !== undefined; at = at.parent) {
    if (at.type === "function_definition") found = at;
  }
  return found ?? at;
}

/** Turns the rewrites of a plan into marks if one of them was not made. */
export function keepTogether(outcomes: readonly Outcome[]): Outcome[] {
  const counts = new Map<Together, number>();
  for (const { verdict } of outcomes) {
    if ("edits" in verdict && verdict.together !== undefined)
      counts.set(verdict.together, (counts.get(verdict.together) ?? 0) + 1);
  }
  return outcomes.map(({ reference, verdict }) => {
    const plan = "edits" in verdict ? verdict.together : undefined;
    const whole = plan === undefined || counts.get(plan) === plan.size;
    return { reference, verdict: whole ? verdict : scattered };
  });
}

const scattered: Review = review(
  "It belongs to a group of calls, one of which has to be migrated by hand.",
  "Migrate these calls together.",
);

const unclear: Review = review(
  "The rewrite depends on uses that cannot be followed.",
  "Migrate these uses together.",
);

const unselected: Review = review("Its rule was not selected.", "Run without --only.");
