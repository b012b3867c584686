import { analyzeFile } from "./analyze-file.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import type { FileResult } from "./results.ts";
import type { Tool } from "./tool.ts";

/** The files that a thread gets at a time. */
export interface Batch {
  readonly paths: readonly string[];
  readonly rules: EngineOptions;
}

/** Makes the default export of a tool's worker module: it analyzes one batch after the other. */
export function threadBody(tool: Pick<Tool, "loadEngine">): (batch: Batch) => Promise<FileResult[]> {
  let engine: Promise<Engine> | undefined;
  return async ({ paths, rules }) => {
    engine ??= tool.loadEngine();
    const ready = await engine;
    const results: FileResult[] = [];
    for (const path of paths) results.push(await analyzeFile(ready, path, rules));
    return results;
  };
}
