import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Tinypool } from "tinypool";
import { analyzeFile, failed } from "./analyze-file.ts";
import type { Engine } from "./engine.ts";
import type { RunOptions } from "./options.ts";
import type { FileResult } from "./results.ts";
import type { Batch } from "./worker.ts";

/** Files that a thread is given at a time. */
const batchSize = 16;

/** Below this many files a pool costs more than it saves. */
const worthThreads = 4 * batchSize;

/** The results for the paths, in their order; no more are in memory than the threads need. */
export async function* analyzeAll(
  paths: readonly string[],
  engine: Engine,
  options: RunOptions,
): AsyncGenerator<FileResult> {
  const filename = fileURLToPath(new URL("./worker.js", import.meta.url));
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
          engine: options.engine,
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

/** A thread that died takes its batch with it, and nothing else. */
function lost(batch: Batch, error: unknown): FileResult[] {
  return batch.paths.map((path) => failed(path, "internal", `the thread failed: ${String(error)}`));
}
