import type { Rule } from "../engine/engine.ts";
import type { SourceFile } from "./source-file.ts";

/** A rule: its rows in the documentation, and its search in a file. */
export interface PromiseRule {
  readonly rows: readonly Rule[];
  /** Adds a finding to the file for each place that the rule is about. */
  find(file: SourceFile): void;
}
