import type { Engine, FileAnalysis, Rule } from "../engine/engine.ts";
import { type Analysis, analyzeText, type Checks } from "./analysis.ts";
import { dependencyAdvice } from "./dependency.ts";
import { isGenerated } from "./generated.ts";
import type { PromisesOptions } from "./options.ts";
import { rules } from "./rule-list.ts";

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

/** The rules in the order of `--list-rules`. */
const rows: readonly Rule[] = rules.flatMap((rule) => rule.rows);

/** Creates the engine for raw promises in TypeScript and JavaScript. It does not read types: see `analyzeChecked`. */
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
    mayMatter(text) {
      return prefilter.test(text) || (/\bcatch\b/.test(text) && /\bawait\b/.test(text) && retries.test(text));
    },
    advice: dependencyAdvice,
    analyze: (path, text, options) => analyzeSource(path, text, options),
  };
}

const nothing: Analysis = { edits: [], marks: [], references: 0, places: [] };

/** Applies all rules to the text of a file. */
export function analyzeSource(
  path: string,
  text: string,
  options: PromisesOptions,
  checks?: Checks,
): Analysis {
  const mark = text.startsWith("\uFEFF") ? 1 : 0;
  const source = text.slice(mark);
  if (isGenerated(path, source)) return nothing;
  try {
    const analysis = analyzeText(path, source, options, checks);
    return mark === 0 ? analysis : { ...analysis, ...shifted(analysis, mark) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { ...nothing, parseError: error.message };
  }
}

function shifted({ edits, marks }: FileAnalysis, by: number): Pick<FileAnalysis, "edits" | "marks"> {
  return {
    edits: edits.map((edit) => ({ ...edit, start: edit.start + by, end: edit.end + by })),
    marks: marks.map((mark) => ({ ...mark, start: mark.start + by })),
  };
}
