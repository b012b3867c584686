import type { Edit, FileAnalysis, Mark } from "../engine/engine.ts";
import { applied, compose, EditList, inOrder, originalOffset } from "./compose.ts";
import type { Finding } from "./finding.ts";
import type { PromisesOptions } from "./options.ts";
import { rules } from "./rule-list.ts";
import { SourceFile } from "./source-file.ts";
import { shiftedFacts, type TypeFacts } from "./types.ts";

/** The maximum number of passes: a rewrite may enable another one. */
const passes = 6;

/** A place in the original text with a rewrite. */
export interface Place {
  readonly rule: string;
  readonly start: number;
  readonly end: number;
}

export interface Analysis extends FileAnalysis {
  /** The places with edits. */
  readonly places: readonly Place[];
}

/** The knowledge of the type checker for an analysis. */
export interface Checks {
  readonly facts: TypeFacts | undefined;
  /** The reason why a place must not be rewritten, from an earlier check of the result. */
  refusal(place: Pick<Place, "rule" | "start">): string | undefined;
}

const importEdit = {
  rule: "import",
  api: "@hother/cancelable",
  class: "S",
  companion: true,
  reason: "The import follows the rewrites.",
} as const;

interface Pass {
  readonly edits: Edit[];
  readonly marks: Mark[];
  readonly places: readonly Place[];
}

/**
 * Applies all rules to a text without a byte order mark.
 *
 * @throws SyntaxError if the text does not parse.
 */
export function analyzeText(path: string, text: string, options: PromisesOptions, checks?: Checks): Analysis {
  const first = runRules(path, text, options, checks, []);
  let { edits, marks } = first;
  const places = [...first.places];
  let current = applied(text, edits);
  try {
    let last = edits;
    for (let pass = 1; last.length > 0 && pass <= passes; pass++) {
      const next = runRules(path, current, options, checks, edits);
      last = next.edits;
      if (last.length === 0) {
        const made = edits;
        marks = next.marks.map((mark) => ({ ...mark, start: originalOffset(made, mark.start) }));
        break;
      }
      edits = compose(text, edits, last);
      places.push(...next.places);
      current = applied(text, edits);
    }
  } catch {
    return withoutEdits(first, "The rewritten file would not parse.");
  }
  const counted = edits.filter((edit) => edit.companion === undefined).length;
  return { edits, marks, references: counted + marks.length, places };
}

/** One pass over a text in which the edits `made` have been made. */
function runRules(
  path: string,
  text: string,
  options: PromisesOptions,
  checks: Checks | undefined,
  made: readonly Edit[],
): Pass {
  const toOriginal = (offset: number): number => originalOffset(made, offset);
  const types = checks?.facts && shiftedFacts(checks.facts, toOriginal);
  const file = new SourceFile(path, text, { structural: options.structural, only: options.only, types });
  for (const rule of rules) rule.find(file);
  const marks: Mark[] = [];
  const list = new EditList();
  const places: Place[] = [];
  for (const finding of file.findings) {
    const { rule, node, class: kind, changes } = finding;
    const place = { rule, start: toOriginal(node.start), end: toOriginal(node.end) };
    const refusal = checks?.refusal(place);
    if (changes === undefined || (kind !== "S" && kind !== "R"))
      marks.push(markOf(finding, finding.reason, finding.suggestion));
    else if (refusal !== undefined) marks.push(markOf(finding, refusal, finding.suggestion));
    else if (kind === "R" && !options.structural)
      marks.push(markOf(finding, finding.reason, `Run with --structural. ${finding.suggestion}`));
    // A finding that overlaps an earlier one is left to the next pass.
    else if (list.add(editsOf(finding, kind, changes))) places.push(place);
  }
  const edits = [...list.edits];
  if (edits.length > 0) edits.push(...file.imports.changes().map((change) => ({ ...change, ...importEdit })));
  marks.sort((a, b) => a.start - b.start);
  return { edits: inOrder(edits) ?? [], marks, places };
}

function editsOf(
  { rule, api, reason }: Finding,
  kind: "S" | "R",
  changes: NonNullable<Finding["changes"]>,
): Edit[] {
  return changes().map((change, index) => {
    return { ...change, rule, api, class: kind, reason, ...(index > 0 && { companion: true }) };
  });
}

function markOf({ node, rule, api, class: kind }: Finding, reason: string, suggestion: string): Mark {
  return { start: node.start, rule, api, class: kind === "X" ? "X" : "M", reason, suggestion };
}

/** Turns all edits of a pass into marks, because the result does not parse. */
function withoutEdits(pass: Pass, reason: string): Analysis {
  const marks = [...pass.marks];
  for (const { start, rule, api, companion } of pass.edits) {
    if (!companion) marks.push({ start, rule, api, class: "M", reason, suggestion: "Rewrite it by hand." });
  }
  marks.sort((a, b) => a.start - b.start);
  return { edits: [], marks, references: marks.length, places: [] };
}
