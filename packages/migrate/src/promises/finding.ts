import type { Rule } from "../engine.ts";
import type { SourceFile } from "./source-file.ts";
import type { Syntax } from "./syntax.ts";

/** One replacement, by offsets. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A place that a rule is about, and what is to be done there. */
export interface Finding {
  readonly rule: string;
  readonly api: string;
  /** The node that the finding is counted for; its start is the place that is reported. */
  readonly node: Syntax;
  /** Nodes that no further rule looks at. */
  readonly claims?: readonly Syntax[];
  readonly class: "S" | "R" | "M" | "X";
  /**
   * What to do, for classes S and R; asked only when it is done. The first change is the reference's, the
   * others are its companions.
   */
  readonly changes?: () => readonly Change[];
  /** Why it is not done by itself; for R, what changes in behaviour. */
  readonly reason: string;
  readonly suggestion: string;
}

/** A rule: what it documents, and how it looks at a file. */
export interface PromiseRule {
  readonly rows: readonly Rule[];
  find(file: SourceFile): void;
}
