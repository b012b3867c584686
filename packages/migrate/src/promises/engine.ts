import type { Edit, Engine, EngineOptions, FileAnalysis, Mark, Rule } from "../engine/engine.ts";
import { applied, compose, EditList, inOrder, originalOffset } from "./compose.ts";
import type { Finding } from "./finding.ts";
import { rules as finders } from "./rule-list.ts";
import { SourceFile } from "./source-file.ts";
import { loadTypes, shiftedFacts, type TypeFacts } from "./types.ts";

/** The maximum number of passes: a rewrite may enable another one. */
const passes = 6;

/** Matches every file that a rule can be about, except for retry loops; {@link retries} matches those. */
const prefilter = new RegExp(
  [
    /\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/,
    /\bPromise\s*\??\.\s*(?:race|all|any|allSettled|withResolvers)\b|\bnew\s+Promise\b/,
    /\baborted\b|\bthrowIfAborted\b|\bonabort\b|\bAbortSignal\s*\.|['"`]abort['"`]/,
    /['"`]SIG[A-Z0-9]+['"`]|\bvoid\s+[\w(]|\.\s*catch\s*\(/,
    /\basync\s+function\s*\w|[=(,]\s*async\b/,
    /['"](?:node:)?timers\/promises['"]|['"](?:delay|bottleneck|any-signal|race-signal|abort-[\w-]+)['"]/,
    /['"](?:p-[a-z-]+|async-(?:mutex|sema|lock|retry)|promise-retry)['"]/,
  ]
    .map(({ source }) => source)
    .join("|"),
);

const retries = /\b(?:retr(?:y|ies)|attempts?|tries|maxRetries|backoff|sleep|delay|wait)\b/i;

/** The options of the promises rules. */
export interface PromisesOptions extends EngineOptions {
  /** Use TypeScript's type checker. */
  readonly types?: boolean;
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
}

function markOf(finding: Finding, suggestion: string): Mark {
  const { rule, api, reason } = finding;
  return {
    start: finding.node.start,
    rule,
    api,
    class: finding.class === "X" ? "X" : "M",
    reason,
    suggestion,
  };
}

function runRules(path: string, text: string, options: EngineOptions, types: TypeFacts | undefined): Pass {
  const file = new SourceFile(path, text, { structural: options.structural, only: options.only, types });
  for (const rule of finders) rule.find(file);
  const marks: Mark[] = [];
  const list = new EditList();
  for (const finding of file.findings) {
    const { rule, api, class: kind } = finding;
    if (finding.changes === undefined || (kind !== "S" && kind !== "R"))
      marks.push(markOf(finding, finding.suggestion));
    else if (kind === "R" && !options.structural) {
      marks.push(markOf(finding, `--structural does it: ${finding.suggestion}`));
    } else {
      const changes = finding.changes().map((change, index): Edit => {
        return {
          ...change,
          rule,
          api,
          class: kind,
          reason: finding.reason,
          ...(index > 0 && { companion: true }),
        };
      });
      // A finding that overlaps an earlier one is left to the next pass.
      list.add(changes);
    }
  }
  const edits = [...list.edits];
  if (edits.length > 0) {
    for (const change of file.imports.changes()) {
      edits.push({ ...change, ...importEdit });
    }
  }
  marks.sort((a, b) => a.start - b.start);
  return { edits: inOrder(edits) ?? [], marks };
}

function analyzeText(
  path: string,
  text: string,
  options: EngineOptions,
  types: TypeFacts | undefined,
): FileAnalysis {
  const first = runRules(path, text, options, types);
  let { edits, marks } = first;
  let current = applied(text, edits);
  try {
    let last = edits;
    for (let pass = 1; last.length > 0 && pass <= passes; pass++) {
      const made = edits;
      const facts = types && shiftedFacts(types, (offset) => originalOffset(made, offset));
      const next = runRules(path, current, options, facts);
      last = next.edits;
      if (last.length === 0) {
        marks = next.marks.map((mark) => ({ ...mark, start: originalOffset(made, mark.start) }));
        break;
      }
      edits = compose(text, edits, last);
      current = applied(text, edits);
    }
  } catch {
    return withoutEdits(first, "The rewritten file would not parse.");
  }
  const counted = edits.filter((edit) => edit.companion === undefined).length;
  return { edits, marks, references: counted + marks.length };
}

/** Turns all edits of a pass into marks, because the result does not parse. */
function withoutEdits(pass: Pass, reason: string): FileAnalysis {
  const marks = [...pass.marks];
  for (const { start, rule, api, companion } of pass.edits) {
    if (!companion) marks.push({ start, rule, api, class: "M", reason, suggestion: "Rewrite it by hand." });
  }
  marks.sort((a, b) => a.start - b.start);
  return { edits: [], marks, references: marks.length };
}

/** The rules in the order of `--list-rules`. */
const rows: readonly Rule[] = finders.flatMap((rule) => rule.rows);

/** Creates the engine for raw promises in TypeScript and JavaScript. */
export function createPromisesEngine(): Engine<PromisesOptions> {
  return {
    name: "promises",
    rules: rows,
    matches(path) {
      return (
        /\.[cm]?[jt]sx?$/i.test(path) &&
        !/\.d\.([^.]+\.)?[cm]?ts$/i.test(path) &&
        !/\.min\.[cm]?js$/i.test(path)
      );
    },
    mayMatter(text, _path, options) {
      // With types, any call may be a floating promise.
      return (
        options.types === true ||
        prefilter.test(text) ||
        (/\bcatch\b/.test(text) && /\bawait\b/.test(text) && retries.test(text))
      );
    },
    async analyze(path, text, options) {
      const mark = text.startsWith("\uFEFF") ? 1 : 0;
      const source = text.slice(mark);
      if (isGenerated(source)) return { edits: [], marks: [], references: 0 };
      const types = options.types ? await loadTypes(path, source) : undefined;
      try {
        const analysis = analyzeText(path, source, options, types);
        return mark === 0 ? analysis : shifted(analysis, mark);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        return { edits: [], marks: [], references: 0, parseError: error.message };
      }
    },
  };
}

/** Whether a tool generated the file: a header says so, or the lines are too long. */
function isGenerated(text: string): boolean {
  if (text.length > 20_000 && text.length > 250 * (text.split("\n").length + 1)) return true;
  return /@generated\b|\bDO NOT EDIT\b|auto-?generated (?:file|by|from)|generated (?:file|code).{0,40}do not/i.test(
    /^(?:#!.*\r?\n)?(?:\s*(?:\/\/[^\n]*|\/\*[\s\S]{0,2000}?\*\/))*/.exec(text.slice(0, 4_000))?.[0] ?? "",
  );
}

function shifted(analysis: FileAnalysis, by: number): FileAnalysis {
  return {
    ...analysis,
    edits: analysis.edits.map((edit) => ({ ...edit, start: edit.start + by, end: edit.end + by })),
    marks: analysis.marks.map((mark) => ({ ...mark, start: mark.start + by })),
  };
}
