// @ts-check
// A data pipeline with backpressure and a heavy stage in threads, which is cancelled in the middle and goes on from there.
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cancellable } from "@hother/cancelable";
import { PiscinaPool } from "@hother/cancelable/threads";
import { runPipeline } from "./pipeline.mjs";

const folder = await mkdtemp(join(tmpdir(), "pipeline-"));
const input = join(folder, "input.csv");
const records = Array.from({ length: 1_000 }, (_, n) => `${n},${(n * 7_919) % 1_000}`);
await writeFile(input, `${records.join("\n")}\n`);

/** @param {string} name */
const filesOf = (name) => ({
  input,
  output: join(folder, `${name}.csv`),
  progressFile: join(folder, `${name}.json`),
});
/** @param {string} name */
const hashOf = async (name) =>
  createHash("sha256")
    .update(await readFile(filesOf(name).output))
    .digest("hex");

const pool = new PiscinaPool({ threads: 2 });
try {
  // 1. The user stops the pipeline after 400 records. In a real program: Ctrl-C, see the crawler.
  const first = new Cancellable({ name: "first run" });
  first.onProgress((progress) => {
    if (typeof progress !== "object") return;
    console.log(progress.current, progress.unit);
    if (progress.current === 400) first.cancel("manual", "the user stops it");
  });
  const stopped = await first.settle(() => runPipeline(filesOf("stopped"), { pool }));
  console.log(first.label, stopped.status, "-", first.context.cancelMessage);

  // 2. The next run goes on after the last checkpoint.
  const second = new Cancellable({ name: "second run" });
  const { resumed, records: all } = await second.run(() => runPipeline(filesOf("stopped"), { pool }));
  console.log(second.label, second.status, "-", resumed, "were done,", all, "are done");

  // 3. The output is that of a run without a stop.
  await runPipeline(filesOf("whole"), { pool });
  console.log("same output:", (await hashOf("stopped")) === (await hashOf("whole")));
} finally {
  await pool.close();
  await rm(folder, { recursive: true });
}
