import { structuredPatch } from "diff";
import type { Colors } from "picocolors/types.js";

/** A unified diff of one file, coloured. */
export function diffText(label: string, before: string, after: string, colors: Colors): string {
  const patch = structuredPatch(label, label, before, after, "", "", { context: 3 });
  let text = `${colors.bold(`--- ${label}`)}\n${colors.bold(`+++ ${label}`)}\n`;
  for (const hunk of patch.hunks) {
    text += `${colors.cyan(`@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`)}\n`;
    for (const line of hunk.lines) {
      const shown = line.replace(/\r$/, "");
      text += `${line.startsWith("+") ? colors.green(shown) : line.startsWith("-") ? colors.red(shown) : shown}\n`;
    }
  }
  return text;
}
