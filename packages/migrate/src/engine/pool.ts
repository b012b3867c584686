import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Tinypool } from "tinypool";
import { analyzeFile, failed } from "./analyze-file.ts";
import type { Engine } from "./engine.ts";
import type { FileResult } from "./results.ts";
import type { RunOptions } from "./run-options.ts";
import type { Batch } from "./thread-body.ts";
import type { Tool } from "./tool.ts";

/** The number of files that a thread gets at a time. */
const batchSize = 16;

/** With fewer files, starting threads costs more time than it saves. */
const worthThreads = 4 * batchSize;

/** The results for the paths, in the order of the paths. At most a few batches per thread are in memory. */
export async function* analyzeAll(
  paths: readonly string[],
  tool: Tool,
  engine: Engine,
  options: RunOptions,
): AsyncGenerator<FileResult> {
  const together = tool.analyzeTogether?.(paths, options.rules);
  if (together !== undefined) {
    yield* together;
    return;
  }
  const filename = fileURLToPath(tool.worker);
  if (options.jobs <= 1 || paths.length < worthThreads || !existsSync(filename)) {
    for (const path of paths) yield analyzeFile(engine, path, options.rules);
    return;
  }
  const pool = new Tinypool({
    filename,
    runtime: "worker_threads",
    minThreads: options.jobs,
    maxThreads: options.jobs,
  });
  try {
    const pending: Array<Promise<FileResult[]>> = [];
    for (let at = 0; at < paths.length || pending.length > 0; ) {
      while (at < paths.length && pending.length < options.jobs * 3) {
        const batch: Batch = {
          paths: paths.slice(at, at + batchSize),
          rules: options.rules,
        };
        pending.push((pool.run(batch) as Promise<FileResult[]>).catch((error) => lost(batch, error)));
        at += batchSize;
      }
      yield* await (pending.shift() as Promise<FileResult[]>);
    }
  } finally {
    await pool.destroy();
  }
}

/** The results of a batch whose thread died. */
function lost(batch: Batch, error: unknown): FileResult[] {
  return batch.paths.map((path) => failed(path, "internal", `the thread failed: ${String(error)}`));
}
