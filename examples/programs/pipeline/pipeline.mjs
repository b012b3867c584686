// @ts-check
// The pipeline: lines of a file, in batches, through threads, into a file. Each stage takes the next batch when it has room.
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { chunk, currentOperation, lines, mapStream, shield } from "@hother/cancelable";
import { runInThread } from "@hother/cancelable/threads";
import { loadProgress, saveProgress } from "./checkpoint.mjs";

const digest = { module: new URL("heavy.mjs", import.meta.url), export: "digest" };
const inThread =
  /** @type {import("@hother/cancelable/threads").ThreadWork<typeof import("./heavy.mjs").digest>} */ (
    digest
  );

/** @param {readonly string[]} records */
const bytesOf = (records) => records.reduce((sum, record) => sum + Buffer.byteLength(record) + 1, 0);

/**
 * Processes `input` from the place where the run before has ended. A batch is in the output and in the progress, or in
 * neither: what a cancelled run has written after its last checkpoint is cut off by the next one.
 *
 * @param {{ input: string, output: string, progressFile: string }} files
 * @param {{ pool: import("@hother/cancelable/threads").ThreadPool, batch?: number }} options
 */
export async function runPipeline({ input, output, progressFile }, { pool, batch = 100 }) {
  const done = await loadProgress(progressFile);
  const resumed = done.records;
  const target = await open(output, resumed === 0 ? "w" : "r+");
  try {
    await target.truncate(done.outputBytes);

    const source = createReadStream(input, { encoding: "utf8", start: done.inputBytes });
    const batches = chunk(lines(source), batch);
    // Two batches in the threads at a time, in order. A third one is read when the first one has been written.
    const results = mapStream(
      batches,
      async (records) => ({ records, rows: await runInThread(inThread, [records], { pool }) }),
      { concurrency: 2 },
    );
    for await (const { records, rows } of results) {
      const bytes = Buffer.from(rows.map((row) => `${row}\n`).join(""));
      await target.write(bytes, 0, bytes.length, done.outputBytes);
      done.records += records.length;
      done.inputBytes += bytesOf(records);
      done.outputBytes += bytes.length;
      await saveProgress(progressFile, done);
      currentOperation()?.reportProgress({ current: done.records, unit: "records" });
    }
    return { resumed, records: done.records };
  } finally {
    await shield(() => target.close(), { timeout: { seconds: 10 } });
  }
}
