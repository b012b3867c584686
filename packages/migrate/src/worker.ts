import { analyzeFile } from "./analyze-file.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import { loadEngine } from "./load-engine.ts";
import type { EngineName } from "./options.ts";
import type { FileResult } from "./results.ts";

export interface Batch {
  readonly engine: EngineName;
  readonly paths: readonly string[];
  readonly rules: EngineOptions;
}

let engine: Promise<Engine> | undefined;

/** What a thread of the pool runs: some files, one after the other. */
export default async function analyzeBatch(batch: Batch): Promise<FileResult[]> {
  engine ??= loadEngine(batch.engine);
  const ready = await engine;
  const results: FileResult[] = [];
  for (const path of batch.paths) results.push(await analyzeFile(ready, path, batch.rules));
  return results;
}
