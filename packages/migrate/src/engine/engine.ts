/**
 * What an engine is: the contract between the tool and its two rule sets.
 *
 * An engine gets one file's text and says what to edit and what to mark. It writes nothing, knows nothing of reports
 * or git, and reads beside the text only what decides about it elsewhere in its project. Offsets are UTF-16 units in the text as it was given.
 */

/** Safe, structural (behind `--structural`), for a person, without counterpart. */
export type RuleClass = "S" | "R" | "M" | "X";

/** One replacement. Edits of a file never overlap. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly rule: string;
  readonly api: string;
  readonly class: "S" | "R";
  /** A further edit of a reference that is counted already, or an import line: not a reference of its own. */
  readonly companion?: true;
  /** What was checked, or what changes in behaviour; for the report. */
  readonly reason?: string;
}

/** One place that is left for a person. */
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

export interface FileAnalysis {
  readonly edits: readonly Edit[];
  readonly marks: readonly Mark[];
  /** Places found that a rule is about: those edited and those marked. */
  readonly references: number;
  /** The file does not parse; edits and marks are then empty. */
  readonly parseError?: string;
  /** References that stay after every edit, since the new text has them, too. */
  readonly remaining?: number;
  /** What the project's own files need to know of this one, in words of the engine. */
  readonly notes?: readonly string[];
}

/** What a file said that was read before. */
export interface FileNotes {
  readonly path: string;
  readonly notes: readonly string[];
}

export interface EngineOptions {
  /** Also edits of class R; without it these places are marks. */
  readonly structural: boolean;
  /** Names of rules to apply; default all. */
  readonly only?: readonly string[];
  /** Oldest anyio to support, such as `"4.11"`. */
  readonly anyioMin?: string;
  /** Oldest Python to support, such as `"3.11"`. */
  readonly pythonMin?: string;
  /** Ask the type checker too (`promises` only). */
  readonly types?: boolean;
  /** For a project file: the other project files, and every file that had something to say. */
  readonly others?: readonly FileNotes[];
}

export interface Engine {
  readonly name: "promises" | "asyncio";
  readonly rules: readonly Rule[];
  /** Whether the engine is about files of this name. */
  matches(path: string): boolean;
  /** Files that are read last, since what becomes of them depends on what the others need. */
  isProjectFile?(path: string): boolean;
  /** The options for a file, with what its project says where nothing else was said. */
  optionsFor?(path: string, options: EngineOptions): EngineOptions;
  /** Cheap substring test before parsing. */
  mayMatter(text: string, path?: string): boolean;
  analyze(path: string, text: string, options: EngineOptions): FileAnalysis | Promise<FileAnalysis>;
}
