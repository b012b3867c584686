import { applyPatch, parsePatch } from "diff";
import fc from "fast-check";
import pico from "picocolors";
import { expect, test } from "vitest";
import { applyEdits } from "../../src/engine/apply.ts";
import { diffText } from "../../src/engine/diff.ts";
import type { Edit } from "../../src/engine/engine.ts";

const plain = pico.createColors(false);

function edit(start: number, end: number, text: string): Edit {
  return { start, end, text, rule: "r", api: "a", class: "S", reason: "" };
}

/** Texts with few different lines, so that many lines are equal, and edits in order. */
const cases = fc
  .array(fc.constantFrom("a\n", "b\n", "\n", "long line\n", "c\r\n"), { maxLength: 40 })
  .chain((lines) =>
    fc.tuple(
      fc.constantFrom("", "end").map((end) => lines.join("") + end),
      fc.array(fc.tuple(fc.nat(12), fc.nat(9), fc.constantFrom("", "x", "\n", "new\n", "\nnew", "a\nb\n")), {
        maxLength: 8,
      }),
    ),
  )
  .map(([text, parts]) => {
    const edits: Edit[] = [];
    let at = 0;
    for (const [gap, length, replacement] of parts) {
      const start = at + gap;
      const end = start + length;
      if (end > text.length) break;
      edits.push(edit(start, end, replacement));
      at = end + 1;
    }
    return { text, edits };
  });

test("Applying the diff of a file gives the edited file.", () => {
  fc.assert(
    fc.property(cases, ({ text, edits }) => {
      const after = applyEdits(text, edits);
      const patch = diffText("f", text, edits, plain);
      if (after === text) return;
      const [parsed] = parsePatch(patch.replaceAll("\r", ""));
      const result = applyPatch(text.replaceAll("\r", ""), parsed as never);
      expect(result).toBe(after.replaceAll("\r", ""));
    }),
    { numRuns: 1_000 },
  );
});

test("The diff shows three lines around a change, and joins close changes.", () => {
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i + 1}\n`);
  const at = (line: number): number => lines.slice(0, line - 1).join("").length;
  const text = lines.join("");
  const edits = [edit(0, 0, "first\n"), edit(at(10), at(11), ""), edit(at(14), at(14) + 4, "LINE")];
  expect(diffText("f", text, edits, plain)).toBe(`--- f
+++ f
@@ -1,3 +1,4 @@
+first
 line 1
 line 2
 line 3
@@ -7,11 +8,10 @@
 line 7
 line 8
 line 9
-line 10
 line 11
 line 12
 line 13
-line 14
+LINE 14
 line 15
 line 16
 line 17
`);
});

test("The diff of 100,000 changes takes linear time.", () => {
  const text = "await x;\n".repeat(100_000);
  const edits = Array.from({ length: 100_000 }, (_, i) => edit(i * 9 + 6, i * 9 + 7, "y"));
  const began = performance.now();
  expect(diffText("f", text, edits, plain).length).toBeGreaterThan(text.length);
  expect(performance.now() - began).toBeLessThan(15_000);
});
