import type { OperationSnapshot } from "../operation/context.ts";
import { hasEnded, stateOf } from "./facts.ts";

/** An operation that is shown, or was a moment ago. */
export interface Row {
  readonly snapshot: OperationSnapshot;
  /** The nearest one above it that is shown. */
  readonly above: Row | undefined;
}

interface Place extends Row {
  snapshot: OperationSnapshot;
  above: Place | undefined;
  readonly children: Set<Place>;
  /** On the backend's clock, in ms. */
  endedAt: number | undefined;
}

/** A row, and what leads to it from the left. */
export interface TreeLine {
  readonly row: Row;
  readonly branch: string;
}

/** What hangs below what: the operations and those below. */
export interface Branch {
  readonly id: string;
  readonly children: readonly Branch[];
}

/** So long one sees how an operation ended, in ms. */
const lingering = 2_000;

/** The operations that a view shows, and which is below which. */
export class Board {
  readonly #rows = new Map<string, Place>();
  readonly #roots = new Set<Place>();
  readonly #ended = new Set<Place>();
  /** Whose parent is not here, by its id: it may come, or be one that is not to be shown. */
  readonly #strays = new Map<string, Set<Place>>();
  /** Whether there are new ones among them. */
  hasNewStrays = false;

  get size(): number {
    return this.#rows.size;
  }

  /** Every row, in the order in which they came. */
  rows(): Iterable<Row> {
    return this.#rows.values();
  }

  /** Notes what an operation is like now, `now` on the backend's clock. The row, if its state is another than before. */
  put(snapshot: OperationSnapshot, now: number): Row | undefined {
    let row = this.#rows.get(snapshot.id);
    const before = row?.snapshot;
    if (row === undefined) {
      row = { snapshot, above: undefined, children: new Set(), endedAt: undefined };
      this.#rows.set(snapshot.id, row);
    }
    row.snapshot = snapshot;
    if (before === undefined || before.parentId !== snapshot.parentId) {
      this.#place(row);
      for (const stray of this.#strays.get(snapshot.id) ?? []) this.#hang(stray, row);
      this.#strays.delete(snapshot.id);
    }
    if (before !== undefined && stateOf(before) === stateOf(snapshot)) return undefined;
    row.endedAt = hasEnded(snapshot) ? now : undefined;
    if (row.endedAt === undefined) this.#ended.delete(row);
    else this.#ended.add(row);
    return row;
  }

  #place(row: Place): void {
    const { parentId } = row.snapshot;
    const above = parentId === undefined ? undefined : this.#rows.get(parentId);
    this.#hang(row, above);
    if (parentId === undefined || above !== undefined) return;
    this.hasNewStrays = true;
    const strays = this.#strays.get(parentId);
    if (strays === undefined) this.#strays.set(parentId, new Set([row]));
    else strays.add(row);
  }

  #hang(row: Place, above: Place | undefined): void {
    (row.above?.children ?? this.#roots).delete(row);
    // Nothing is below itself: two operations with one id could say so.
    for (let place = above; place !== undefined; place = place.above) if (place === row) above = undefined;
    row.above = above;
    (above?.children ?? this.#roots).add(row);
  }

  /** Hangs what is below something that is not shown below the next thing that is. */
  arrange(branches: readonly Branch[]): void {
    this.hasNewStrays = false;
    // What is taken off the end first is what came first.
    const open: Array<{ readonly branch: Branch; readonly above: Place | undefined }> = [...branches]
      .reverse()
      .map((branch) => ({ branch, above: undefined }));
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { branch, above } = next;
      const row = this.#rows.get(branch.id);
      if (row !== undefined && above !== undefined && row.above !== above) this.#hang(row, above);
      for (const child of [...branch.children].reverse()) open.push({ branch: child, above: row ?? above });
    }
  }

  /** How many have not ended. */
  get live(): number {
    return this.#rows.size - this.#ended.size;
  }

  /** Takes away what ended a while ago, from the leaves up. */
  expire(now: number): void {
    for (const row of this.#ended) {
      if (row.endedAt !== undefined && now - row.endedAt >= lingering && row.children.size === 0)
        this.#remove(row);
    }
  }

  /** Takes away what has not ended and is not among `ids`: nobody will say how it ends. */
  keep(ids: ReadonlySet<string>): void {
    for (const [id, row] of this.#rows) if (row.endedAt === undefined && !ids.has(id)) this.#remove(row);
  }

  #remove(row: Place): void {
    const { id, parentId } = row.snapshot;
    for (const child of row.children) this.#hang(child, row.above);
    (row.above?.children ?? this.#roots).delete(row);
    this.#ended.delete(row);
    this.#rows.delete(id);
    if (parentId === undefined) return;
    const strays = this.#strays.get(parentId);
    if (strays?.delete(row) === true && strays.size === 0) this.#strays.delete(parentId);
  }

  /** The tree from the top, as far as it is asked for. */
  lines(): Generator<TreeLine> {
    return this.#linesOf(this.#roots, "", true);
  }

  *#linesOf(rows: ReadonlySet<Place>, before: string, top: boolean): Generator<TreeLine> {
    let left = rows.size;
    for (const row of rows) {
      const last = --left === 0;
      yield { row, branch: top ? "" : `${before}${last ? "└─ " : "├─ "}` };
      yield* this.#linesOf(row.children, top ? "" : `${before}${last ? "   " : "│  "}`, false);
    }
  }
}
