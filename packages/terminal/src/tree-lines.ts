import type { Row } from "./board.ts";
import { type ShownState, stateOf } from "./facts.ts";

/** A row, and the lines that connect the row with its parent. */
export interface TreeLine {
  readonly row: Row;
  readonly branch: string;
}

/** The states by importance. If space is short, the rows of an earlier group are shown first. */
const groups: ReadonlyArray<readonly ShownState[]> = [
  ["running", "shielded", "cancelling"],
  ["failed", "cancelled"],
  ["pending"],
  ["completed"],
];

/**
 * Divides the rows of a tree into the rows that fit into `room` lines and the hidden rows. The shown rows are the
 * most important ones, in the order of the tree, each with its ancestors.
 */
export function chooseRows(roots: ReadonlySet<Row>, room: number): { shown: Set<Row>; hidden: Row[] } {
  const byGroup = groups.map((states) => ({ states, rows: [] as Row[] }));
  for (const row of rowsOf(roots)) {
    const state = stateOf(row.snapshot);
    byGroup.find(({ states }) => states.includes(state))?.rows.push(row);
  }
  const ordered = byGroup.flatMap(({ rows }) => rows);
  const shown = new Set<Row>();
  for (const row of ordered) {
    if (shown.size === room) break;
    const path = pathTo(row, shown, room - shown.size);
    for (const step of path) shown.add(step);
  }
  return { shown, hidden: ordered.filter((row) => !shown.has(row)) };
}

/** The row and those of its ancestors that are not shown yet; empty if they do not fit into `room` lines. */
function pathTo(row: Row, shown: ReadonlySet<Row>, room: number): Row[] {
  const path: Row[] = [];
  for (let at: Row | undefined = row; at !== undefined && !shown.has(at); at = at.above) {
    if (path.length === room) return [];
    path.push(at);
  }
  return path;
}

/** Every row, parents before their children. A loop, because a tree may be deeper than the stack. */
function* rowsOf(roots: ReadonlySet<Row>): Generator<Row> {
  const open = [roots.values()];
  for (let siblings = open.at(-1); siblings !== undefined; siblings = open.at(-1)) {
    const next = siblings.next();
    if (next.done) {
      open.pop();
      continue;
    }
    yield next.value;
    open.push(next.value.children.values());
  }
}

/** The lines of the tree that consists of the rows in `shown`. */
export function treeLines(roots: ReadonlySet<Row>, shown: ReadonlySet<Row>): TreeLine[] {
  const lines: TreeLine[] = [];
  const add = (siblings: ReadonlySet<Row>, before: string, top: boolean): void => {
    const rows = [...siblings].filter((row) => shown.has(row));
    for (const [index, row] of rows.entries()) {
      const last = index === rows.length - 1;
      lines.push({ row, branch: top ? "" : `${before}${last ? "└─ " : "├─ "}` });
      add(row.children, top ? "" : `${before}${last ? "   " : "│  "}`, false);
    }
  };
  add(roots, "", true);
  return lines;
}

/** "… and 5 more: 2 running, 3 completed" */
export function describeHidden(hidden: readonly Row[]): string {
  const states = hidden.map((row) => stateOf(row.snapshot));
  const counts = groups
    .flat()
    .map((state) => ({ state, count: states.filter((other) => other === state).length }))
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => `${count} ${state}`);
  return `… and ${hidden.length} more: ${counts.join(", ")}`;
}
