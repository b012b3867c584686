// @ts-check
/*
 * One download: an operation with its own time limit.
 *
 * The download uses `settle` and not `run`, so that the other downloads go on if it fails. The file is written as
 * `<name>.part` and renamed when its checksum is right. Otherwise the file is removed in a shield, because a cancelled
 * operation cannot wait outside a shield.
 */
import { open, rename, rm } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Cancellable } from "@hother/cancelable";
import { sha256 } from "./hash.mjs";
import { why } from "./reason.mjs";

/** @typedef {"done" | "corrupt" | "failed" | "timed out" | "cancelled"} EndState */
/**
 * @typedef {object} Result
 * @property {string} name
 * @property {EndState} state
 * @property {string} reason Empty if the download is done.
 * @property {number} bytes Received bytes.
 * @property {number} ms
 * @property {string | undefined} digest The sha256 of the written file, if all bytes arrived.
 * @property {boolean} removed Whether a partial file was removed.
 */

/** The received bytes differ from the sent bytes. */
class ChecksumError extends Error {}

/**
 * @param {import("./files.mjs").DemoFile} file
 * @param {string} url of the server
 * @param {string} folder
 * @returns {Promise<Result>}
 */
export async function download(file, url, folder) {
  const { name } = file;
  const seen = { bytes: 0, digest: /** @type {string | undefined} */ (undefined), removed: false };
  const operation = Cancellable.withTimeout(file.timeoutMs, { name });

  const outcome = await operation.settle(async (op) => {
    /** @param {string} phase @param {number} [total] */
    const report = (phase, total = file.size) =>
      op.reportProgress({ phase, current: seen.bytes, total, unit: "bytes" }, { name });

    report("connecting");
    const response = await request(`${url}/${name}`, op.signal);
    if (response.statusCode !== 200) {
      response.destroy();
      throw new Error(`HTTP ${response.statusCode}`);
    }
    const total = Number(response.headers["content-length"]);
    const part = join(folder, `${name}.part`);
    const target = await open(part, "wx");
    let complete = false;
    try {
      const save = async (/** @type {AsyncIterable<Buffer>} */ chunks) => {
        for await (const chunk of chunks) {
          await target.writeFile(chunk);
          seen.bytes += chunk.byteLength;
          report("downloading", total);
        }
      };
      await pipeline(response, save, { signal: op.signal }).catch((error) => {
        op.check(); // Node 24 reports the closed connection, and not why it was closed.
        throw error;
      });
      report("verifying", total);
      seen.digest = await sha256(part);
      if (seen.digest !== response.headers["x-sha256"]) throw new ChecksumError("sha256 differs");
      await rename(part, join(folder, name));
      complete = true;
    } finally {
      await op.shield(
        async () => {
          await target.close();
          if (complete) return;
          await rm(part);
          seen.removed = true;
        },
        { timeout: { seconds: 5 } },
      );
    }
  });

  const ms = operation.context.duration ?? 0;
  if (outcome.status === "completed") return { name, state: "done", reason: "", ms, ...seen };
  if (outcome.status === "cancelled") {
    // Cancelled by its own limit, by the deadline of all downloads, or by a signal.
    const state = outcome.error.reason === "timeout" ? "timed out" : "cancelled";
    return { name, state, reason: why(outcome.error, file.timeoutMs), ms, ...seen };
  }
  const { error } = outcome;
  const state = error instanceof ChecksumError ? "corrupt" : "failed";
  return { name, state, reason: error instanceof Error ? error.message : String(error), ms, ...seen };
}

/**
 * Sends a request on its own connection. Cancelling closes the connection, and no agent keeps or opens another one.
 *
 * @param {string} url
 * @param {AbortSignal} signal
 * @returns {Promise<import("node:http").IncomingMessage>}
 */
function request(url, signal) {
  return new Promise((resolve, reject) => {
    get(url, { signal, agent: false }, resolve).on("error", reject);
  });
}
