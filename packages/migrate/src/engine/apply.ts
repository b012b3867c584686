import { lstatSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import MagicString from "magic-string";
import type { Edit } from "./engine.ts";
import type { Problem } from "./results.ts";

/** Applies edits to a text. Every character outside the edits is kept. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const code = new MagicString(text);
  for (const { start, end, text: replacement } of edits) {
    if (start === end) code.appendLeft(start, replacement);
    else if (replacement === "") code.remove(start, end);
    else code.overwrite(start, end, replacement);
  }
  return code.toString();
}

/**
 * Replaces a file as a whole or not at all: writes a temporary file beside it and renames that file.
 * A file that has changed since it was read is not written.
 */
export function writeEdited(path: string, before: string, after: string): Problem | undefined {
  try {
    // A link stays a link: its target is written.
    const target = lstatSync(path).isSymbolicLink() ? realpathSync(path) : path;
    const original = Buffer.from(before, "utf8");
    const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.migrate`);
    try {
      writeFileSync(temporary, after, { mode: statSync(target).mode & 0o7777, flag: "wx" });
      // As late as possible, to see every change by another process.
      if (!readFileSync(target).equals(original)) {
        rmSync(temporary, { force: true });
        return { kind: "changed", message: "has changed since it was read; not written" };
      }
      renameSync(temporary, target);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    return undefined;
  } catch (error) {
    return { kind: "write", message: `cannot be written: ${(error as Error).message}` };
  }
}
