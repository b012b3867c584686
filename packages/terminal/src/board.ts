import type { OperationSnapshot } from "@hother/cancelable";
import { hasEnded, stateOf } from "./facts.ts";
import type { EndedStatus } from "./options.ts";

/** An operation of the view. */
export interface Row {
  readonly snapshot: OperationSnapshot;
  /** The nearest ancestor in the view. */
  readonly above: Row | undefined;
  /** In the order of arrival. */
  readonly children: ReadonlySet<Row>;
}

interface Node extends Row {
  snapshot: OperationSnapshot;
  above: Node | undefined;
  readonly children: Set<Node>;
  /** In ms on the backend's clock. */
  endedAt: number | undefined;
}

/** An operation, by its id, and the operations below it. */
export interface Branch {
  readonly id: string;
  readonly children: readonly Branch[];
}

/** How long an operation stays after its end, in ms. */
const lingering = 2_000;

/** The operations of a view, as a tree. */
export class Board {
  readonly #rows = new Map<string, Node>();
  readonly #roots = new Set<Node>();
  readonly #ended = new Set<Node>();
  /** Rows by the id of a parent that is not in the view. The parent may follow later, or never. */
  readonly #orphans = new Map<string, Set<Node>>();
  /** Whether rows have become orphans since {@link arrange}. */
  hasNewOrphans = false;
  readonly #kept: ReadonlySet<string>;

  /** @param kept The statuses of the ended operations that {@link expire} does not remove. */
  constructor(kept: readonly EndedStatus[]) {
    this.#kept = new Set(kept);
  }

  get size(): number {
    return this.#rows.size;
  }

  /** The rows without a parent, in the order of arrival. */
  get roots(): ReadonlySet<Row> {
    return this.#roots;
  }

  /** Every row, in the order of arrival. */
  rows(): Iterable<Row> {
    return this.#rows.values();
  }

  /**
   * Stores the newest snapshot of an operation. `now` is in ms on the backend's clock. Returns the row if its state has
   * changed.
   */
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
      for (const orphan of this.#orphans.get(snapshot.id) ?? []) this.#attach(orphan, row);
      this.#orphans.delete(snapshot.id);
    }
    if (before !== undefined && stateOf(before) === stateOf(snapshot)) return undefined;
    row.endedAt = hasEnded(snapshot) ? now : undefined;
    if (row.endedAt === undefined) this.#ended.delete(row);
    else this.#ended.add(row);
    return row;
  }

  #place(row: Node): void {
    const { parentId } = row.snapshot;
    const above = parentId === undefined ? undefined : this.#rows.get(parentId);
    this.#attach(row, above);
    if (parentId === undefined || above !== undefined) return;
    this.hasNewOrphans = true;
    const orphans = this.#orphans.get(parentId);
    if (orphans === undefined) this.#orphans.set(parentId, new Set([row]));
    else orphans.add(row);
  }

  #attach(row: Node, above: Node | undefined): void {
    (row.above?.children ?? this.#roots).delete(row);
    // If two operations have the same id, a row could otherwise become its own ancestor.
    for (let node = above; node !== undefined; node = node.above) if (node === row) above = undefined;
    row.above = above;
    (above?.children ?? this.#roots).add(row);
  }

  /** Attaches each row whose parent is not in the view to its nearest ancestor in the view. */
  arrange(branches: readonly Branch[]): void {
    this.hasNewOrphans = false;
    // A stack: the first branch is the last entry.
    const open: Array<{ readonly branch: Branch; readonly above: Node | undefined }> = [...branches]
      .reverse()
      .map((branch) => ({ branch, above: undefined }));
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { branch, above } = next;
      const row = this.#rows.get(branch.id);
      if (row !== undefined && above !== undefined && row.above !== above) this.#attach(row, above);
      for (const child of [...branch.children].reverse()) open.push({ branch: child, above: row ?? above });
    }
  }

  /** How many operations have not ended. */
  get live(): number {
    return this.#rows.size - this.#ended.size;
  }

  /**
   * Removes the operations that ended 2 s ago or earlier, children before their parents. The parent of an operation that
   * stays also stays.
   */
  expire(now: number): void {
    for (const row of this.#ended) {
      if (this.#kept.has(row.snapshot.status) || row.children.size > 0) continue;
      if (row.endedAt !== undefined && now - row.endedAt >= lingering) this.#remove(row);
    }
  }

  /** Removes the operations that have not ended and are not in `ids`. No event will report their end. */
  retain(ids: ReadonlySet<string>): void {
    for (const [id, row] of this.#rows) if (row.endedAt === undefined && !ids.has(id)) this.#remove(row);
  }

  #remove(row: Node): void {
    const { id, parentId } = row.snapshot;
    for (const child of row.children) this.#attach(child, row.above);
    (row.above?.children ?? this.#roots).delete(row);
    this.#ended.delete(row);
    this.#rows.delete(id);
    if (parentId === undefined) return;
    const orphans = this.#orphans.get(parentId);
    if (orphans?.delete(row) === true && orphans.size === 0) this.#orphans.delete(parentId);
  }
}
