import type { EngineOptions } from "./engine.ts";

/** The options of a run. */
export interface RunOptions {
  readonly paths: readonly string[];
  readonly write: boolean;
  readonly check: boolean;
  readonly force: boolean;
  readonly format: "text" | "json" | "sarif";
  /** Report files to write. The extension decides the format: `.json`, `.sarif`, `.html`. */
  readonly reports: readonly string[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** The number of threads. With 1, no worker thread is started. */
  readonly jobs: number;
  readonly color: boolean;
  readonly rules: EngineOptions;
}

/** The streams that a run writes to; a test passes its own. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
  /** Whether `err` is a terminal. Progress is then shown on one line that is overwritten. */
  readonly isTerminal: boolean;
}
