export type { Edit, Engine, EngineOptions, FileAnalysis, Mark, Rule, RuleClass } from "./engine.ts";
export { rulesTable } from "./list-rules.ts";
export { loadEngine } from "./load-engine.ts";
export { main } from "./main.ts";
export type { EngineName, Output, RunOptions } from "./options.ts";
export type { Report, ReportedFile } from "./report/summary.ts";
export { type ExitCode, run } from "./run.ts";
