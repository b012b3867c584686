import type { EngineOptions } from "./engine.ts";

export type EngineName = "promises" | "asyncio";

/** What a run is asked to do; the command line makes it. */
export interface RunOptions {
  readonly engine: EngineName;
  readonly paths: readonly string[];
  readonly write: boolean;
  readonly check: boolean;
  readonly force: boolean;
  readonly format: "text" | "json" | "sarif";
  /** Files to write reports to; the ending chooses the kind: `.json`, `.sarif`, `.html`. */
  readonly reports: readonly string[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** How many threads; 1 is this one. */
  readonly jobs: number;
  readonly color: boolean;
  readonly rules: EngineOptions;
}

/** Where a run writes; a test gives its own. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
  /** Whether `err` is a terminal, for progress in place. */
  readonly isTerminal: boolean;
}
