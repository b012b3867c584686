// @ts-check
/*
 * Computes checksums of files in worker threads, so that the main thread is free for the connections and the screen.
 *
 * The threads load this module too, and run `hashFile`.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { currentOperation } from "@hother/cancelable";
import { runInThread } from "@hother/cancelable/threads";

/** @type {import("@hother/cancelable/threads").ThreadWork<typeof hashFile>} */
const work = { module: new URL(import.meta.url), export: hashFile.name };

/**
 * The sha256 of a file, in hexadecimal. When the current scope is cancelled, the thread stops after the piece that it
 * computes, and closes the file.
 *
 * @param {string} path
 * @returns {Promise<string>}
 */
export function sha256(path) {
  return runInThread(work, [path], { name: "sha256" });
}

/**
 * The work of the thread: a loop that never yields. A check sees a cancellation all the same.
 *
 * @param {string} path
 * @returns {string}
 */
export function hashFile(path) {
  const op = currentOperation();
  const hash = createHash("sha256");
  const piece = Buffer.alloc(256 * 1_024);
  const file = openSync(path, "r");
  try {
    for (let size = -1; size !== 0; ) {
      op?.check();
      size = readSync(file, piece);
      hash.update(piece.subarray(0, size));
    }
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}
