// @ts-check
/*
 * Creates the files that the server sends.
 */
import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { checkpoint } from "@hother/cancelable";

/** The rest of a larger file is a hole, which reads as zeros and uses no space on the disk. */
const mostBytes = 10_000_000;

/**
 * @param {readonly import("./files.mjs").DemoFile[]} files
 * @param {string} folder
 */
export async function makeFiles(files, folder) {
  for (const { name, size } of files) {
    await checkpoint();
    const file = await open(join(folder, name), "wx");
    try {
      await file.write(randomBytes(Math.min(size, mostBytes)));
      await file.truncate(size);
    } finally {
      await file.close();
    }
  }
}
