/** The command-line machinery that the rule sets share. */
export { applyEdits } from "./apply.ts";
export { runCommandLine, runProcess } from "./command-line.ts";
export type {
  Change,
  Edit,
  Engine,
  EngineOptions,
  FileAnalysis,
  FileNotes,
  Mark,
  Rule,
  RuleClass,
} from "./engine.ts";
export { rulesMarkdown } from "./list-rules.ts";
export type { EditEntry, Entry, Report, ReportedFile } from "./report/summary.ts";
export type { FileResult, PlacedEdit, PlacedMark, Problem, ProblemKind } from "./results.ts";
export { type ExitCode, run } from "./run.ts";
export type { Output, RunOptions } from "./run-options.ts";
export { type Batch, threadBody } from "./thread-body.ts";
export { dottedVersion, type Tool, type ToolOption, versionOf } from "./tool.ts";
