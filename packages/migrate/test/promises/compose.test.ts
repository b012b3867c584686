import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Edit } from "../../src/engine/engine.ts";
import { applied, compose, EditList, inOrder, originalOffset } from "../../src/promises/compose.ts";

const source = "abcdefghijklmnopqrstuvwxyz";

/** Random edits of a text, in order and without overlaps. */
function edits(text: string, numbers: readonly number[]): Edit[] {
  const places = [...new Set(numbers.map((number) => number % (text.length + 1)))].sort((a, b) => a - b);
  const made: Edit[] = [];
  for (let i = 0; i + 1 < places.length; i += 2) {
    const start = places[i] as number;
    const insert = (numbers[i] as number) % 3 === 0;
    const end = insert ? start : (places[i + 1] as number);
    const replacement = (numbers[i] as number) % 2 === 0 ? "" : `<${i}>`;
    if (start === end && replacement === "") continue;
    made.push({ start, end, text: replacement, rule: "r", api: "a", class: "S", reason: "" });
  }
  return inOrder(made) ?? [];
}

describe("Composed edits", () => {
  test("have the same effect as both lists, one after the other.", () => {
    const numbers = fc.array(fc.nat(1_000), { maxLength: 12 });
    fc.assert(
      fc.property(numbers, numbers, (one, two) => {
        const first = edits(source, one);
        const middle = applied(source, first);
        const second = edits(middle, two);
        const both = compose(source, first, second);
        expect(inOrder(both)).toEqual(both);
        expect(applied(source, both)).toBe(applied(middle, second));
      }),
      { numRuns: 2_000 },
    );
  });

  test("are taken as whole groups, in order.", () => {
    const numbers = fc.array(fc.nat(1_000), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(numbers, { maxLength: 8 }), (groups) => {
        const list = new EditList();
        let taken: Edit[] = [];
        for (const group of groups) {
          const made = edits(source, group);
          const together = inOrder([...taken, ...made]);
          expect(list.add(made)).toBe(together !== undefined);
          taken = together ?? taken;
          expect(list.edits).toEqual(taken);
        }
      }),
    );
  });

  test("map offsets back to the original text.", () => {
    const first: Edit[] = [{ start: 3, end: 6, text: "12345", rule: "r", api: "a", class: "S", reason: "" }];
    expect([2, 3, 7, 8, 9].map((at) => originalOffset(first, at))).toEqual([2, 3, 3, 6, 7]);
  });
});
