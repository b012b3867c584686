/**
 * The contract between the command-line machinery and a rule set.
 *
 * An engine gets the text of one file and returns edits and marks. It writes nothing and knows nothing of reports
 * or git. Beside the text it reads only files of the same project that decide about the text, such as a
 * configuration. Offsets are UTF-16 units of the text as it was given.
 */

/** S: safe. R: structural, needs `--structural`. M: left for review. X: left for review, without a counterpart. */
export type RuleClass = "S" | "R" | "M" | "X";

/** A range of a text and its replacement. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A change for a reference. The edits of a file never overlap. */
export interface Edit extends Change {
  readonly rule: string;
  readonly api: string;
  readonly class: "S" | "R";
  /** Set on an import line and on further edits of a reference: these do not count as references. */
  readonly companion?: true;
  /** For the report: the preconditions that hold, or the change in behaviour. */
  readonly reason: string;
}

/** One place that is left for review. */
export interface Mark {
  readonly start: number;
  readonly rule: string;
  readonly api: string;
  readonly class: "M" | "X";
  readonly reason: string;
  readonly suggestion: string;
}

/** A row of `--list-rules` and of the table in the documentation. */
export interface Rule {
  readonly name: string;
  readonly api: string;
  readonly class: RuleClass;
  readonly summary: string;
  readonly target: string;
}

/** The answer of an engine about one file. */
export interface FileAnalysis {
  readonly edits: readonly Edit[];
  readonly marks: readonly Mark[];
  /** The number of references that the rules cover: the edited and the marked ones. */
  readonly references: number;
  /** Set when the file does not parse; edits and marks are then empty. */
  readonly parseError?: string;
  /** The number of references that are left after every edit. An edit may keep its reference. */
  readonly remaining?: number;
  /** Facts for the project files of the same project, in words that only this engine reads. */
  readonly notes?: readonly string[];
}

/** The notes of a file that was read earlier in this run. */
export interface FileNotes {
  readonly path: string;
  readonly notes: readonly string[];
}

/** Options that every engine takes; an engine adds its own. */
export interface EngineOptions {
  /** Make edits of class R too. Without it these places are marks. */
  readonly structural: boolean;
  /** Names of the rules to apply. Default: all. */
  readonly only?: readonly string[];
  /** Only for a project file: the other project files, and every file with notes. */
  readonly others?: readonly FileNotes[];
}

/** A rule set for one language. */
export interface Engine<Options extends EngineOptions = EngineOptions> {
  readonly name: string;
  readonly rules: readonly Rule[];
  /** A key of each file in the report that repeats `migrated` in this engine's words. */
  readonly doneKey?: "asyncio_free";
  /** Whether the engine handles files of this name. */
  matches(path: string): boolean;
  /** Whether a file is read last, because its edits depend on the needs of the others. */
  isProjectFile?(path: string): boolean;
  /** The options for one file, completed from its project's configuration. */
  optionsFor?(path: string, options: Options): Options;
  /** A cheap test before parsing. */
  mayMatter(text: string, path: string, options: Options): boolean;
  /** Further steps after the edits of these files, one sentence each. */
  advice?(edited: readonly string[]): readonly string[];
  analyze(path: string, text: string, options: Options): FileAnalysis | Promise<FileAnalysis>;
}
