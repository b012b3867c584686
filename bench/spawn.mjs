/** Runs child.mjs on a runtime and reads its output. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const child = fileURLToPath(new URL("child.mjs", import.meta.url));

/** Without `--no-flush-bytecode`, V8 drops the code of a subject while the other subjects have their turn. */
const common = ["--expose-gc", "--no-flush-bytecode", "--no-warnings"];

/** A young generation that is large enough for a batch without a collection. */
export const roomy = ["--min-semi-space-size=256", "--max-semi-space-size=256"];

/** A heap that is large enough for the tasks of all subjects of a growth case. */
export const tall = ["--max-old-space-size=6144"];

/**
 * @param {import("./runtimes.mjs").Runtime} runtime
 * @param {readonly string[]} nodeFlags
 * @param {string} file
 * @param {string} what
 * @param {object} options
 * @returns {Promise<any>}
 */
export async function spawn(runtime, nodeFlags, file, what, options) {
  const { stdout } = await promisify(execFile)(
    runtime.command,
    [...common, ...nodeFlags, child, file, what, JSON.stringify(options)],
    {
      maxBuffer: 64 * 1024 * 1024,
      timeout: 10 * 60_000,
      env: { ...process.env, NODE_OPTIONS: "" },
    },
  );
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}");
}
