import type { Engine } from "../engine.ts";
import type { FileResult, PlacedEdit, PlacedMark, Problem } from "../results.ts";

/** A place in the report. */
export interface Entry {
  readonly rule: string;
  readonly api: string;
  readonly line: number;
  readonly column: number;
  readonly class: "S" | "R" | "M" | "X";
  readonly reason: string;
  readonly suggestion: string;
  readonly frame: string;
}

export interface EditEntry extends Entry {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Whether the edit goes with another one, as an import line does, and is not counted as a reference. */
  readonly companion: boolean;
}

export interface ReportedFile {
  readonly file: string;
  readonly changed: boolean;
  /** The rewritten APIs, one per reference. */
  readonly simple_replacements: readonly string[];
  /** The APIs that are left for review, one per reference. */
  readonly complex_patterns: readonly string[];
  /** Whether no reference is left. */
  readonly migrated: boolean;
  /** The same as `migrated`. Only set by the asyncio engine. */
  readonly asyncio_free?: boolean;
  readonly references: number;
  readonly edits: readonly EditEntry[];
  readonly review: readonly Entry[];
  readonly error?: Problem;
}

export interface Report {
  /** The name of the binary. */
  readonly tool: string;
  readonly engine: string;
  readonly written: boolean;
  readonly total: number;
  readonly migrated: number;
  readonly errors: number;
  readonly needs_review: number;
  readonly fully_migrated: number;
  readonly totals: {
    /** All files that were read, including files without a reference. */
    readonly files: number;
    readonly parsed: number;
    readonly references: number;
    readonly edits: number;
    readonly marks: number;
    readonly parse_errors: number;
    readonly milliseconds: number;
    readonly rules: Readonly<Record<string, { readonly edits: number; readonly marks: number }>>;
  };
  /** Further steps after the edits, such as a dependency to add. */
  readonly advice: readonly string[];
  readonly results: readonly ReportedFile[];
}

/** Collects the results of a run, one file at a time, without their texts. */
export class Summary {
  readonly files: ReportedFile[] = [];
  readonly #tool: string;
  readonly #engine: Engine;
  readonly #written: boolean;
  readonly #rules = new Map<string, { edits: number; marks: number }>();
  #seen = 0;
  #parsed = 0;
  references = 0;
  edits = 0;
  marks = 0;
  errors = 0;
  parseErrors = 0;

  constructor(tool: string, engine: Engine, written: boolean) {
    this.#tool = tool;
    this.#engine = engine;
    this.#written = written;
  }

  get seen(): number {
    return this.#seen;
  }

  get changed(): number {
    return this.files.filter((file) => file.changed).length;
  }

  add(result: FileResult, label: string): void {
    this.#seen++;
    const { problem, edits, review } = result;
    if (result.parsed || problem?.kind === "parse") this.#parsed++;
    if (problem !== undefined) {
      this.errors++;
      if (problem.kind === "parse") this.parseErrors++;
    }
    // The report keeps the edits of a file that could not be written; `changed` is then false.
    const counted = edits.filter((edit) => edit.companion !== true);
    this.references += result.references;
    this.edits += counted.length;
    this.marks += review.length;
    for (const { rule } of counted) this.#count(rule).edits++;
    for (const { rule } of review) this.#count(rule).marks++;
    if (edits.length === 0 && review.length === 0 && problem === undefined) return;
    const done = review.length === 0 && problem === undefined && !result.remaining;
    this.files.push({
      file: label,
      changed: edits.length > 0 && problem === undefined,
      simple_replacements: counted.map(({ api }) => api),
      complex_patterns: review.map(({ api }) => api),
      migrated: done,
      ...(this.#engine.doneKey !== undefined && { [this.#engine.doneKey]: done }),
      references: result.references,
      edits: edits.map(editEntry),
      review: review.map(markEntry),
      ...(problem !== undefined && { error: problem }),
    });
  }

  report(milliseconds: number): Report {
    const { files } = this;
    const edited = files.filter((file) => file.changed).map((file) => file.file);
    return {
      tool: this.#tool,
      engine: this.#engine.name,
      written: this.#written,
      total: files.length,
      migrated: this.changed,
      errors: this.errors,
      needs_review: files.filter((file) => file.review.length > 0).length,
      fully_migrated: files.filter((file) => file.migrated).length,
      totals: {
        files: this.#seen,
        parsed: this.#parsed,
        references: this.references,
        edits: this.edits,
        marks: this.marks,
        parse_errors: this.parseErrors,
        milliseconds: Math.round(milliseconds),
        rules: Object.fromEntries([...this.#rules].sort(([a], [b]) => (a < b ? -1 : 1))),
      },
      advice: this.#engine.advice?.(edited) ?? [],
      results: files,
    };
  }

  #count(rule: string): { edits: number; marks: number } {
    let count = this.#rules.get(rule);
    if (count === undefined) {
      count = { edits: 0, marks: 0 };
      this.#rules.set(rule, count);
    }
    return count;
  }
}

function editEntry(edit: PlacedEdit): EditEntry {
  const { rule, api, line, column, reason, frame, start, end, text, companion } = edit;
  return {
    rule,
    api,
    line,
    column,
    class: edit.class,
    reason,
    suggestion: text,
    frame,
    start,
    end,
    text,
    companion: companion === true,
  };
}

function markEntry({ rule, api, line, column, class: kind, reason, suggestion, frame }: PlacedMark): Entry {
  return { rule, api, line, column, class: kind, reason, suggestion, frame };
}
