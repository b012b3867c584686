import { Cancellable } from "@hother/cancelable";
import { expect, test } from "vitest";
import type { Row } from "../src/board.ts";
import { chooseRows, describeHidden, treeLines } from "../src/tree-lines.ts";

const snapshot = new Cancellable({ name: "job" }).context.toJSON();

test("A tree with 100,000 levels does not overflow the stack", () => {
  let above: Row | undefined;
  const roots = new Set<Row>();
  let siblings = roots;
  for (let depth = 0; depth < 100_000; depth++) {
    const children = new Set<Row>();
    above = { snapshot, above, children };
    siblings.add(above);
    siblings = children;
  }
  const { shown, hidden } = chooseRows(roots, 3);
  expect(treeLines(roots, shown).map(({ branch }) => branch)).toEqual(["", "└─ ", "   └─ "]);
  expect(describeHidden(hidden)).toBe("… and 99997 more: 99997 pending");
});
