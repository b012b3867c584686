// @ts-check
/*
 * Computes checksums of files, which are read in pieces.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { currentSignal } from "@hother/cancelable";

/**
 * The sha256 of a file, in hexadecimal. Stops when the current scope is cancelled.
 *
 * @param {string} path
 * @returns {Promise<string>}
 */
export async function sha256(path) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash, { signal: currentSignal() });
  return hash.digest("hex");
}
