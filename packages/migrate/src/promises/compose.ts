import type { Edit } from "../engine/engine.ts";

/** Applies edits that are in order and do not overlap. */
export function applied(source: string, edits: readonly Edit[]): string {
  let result = "";
  let at = 0;
  for (const edit of edits) {
    result += source.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + source.slice(at);
}

/** The edits in order; undefined if two overlap or insert at the same offset. */
export function inOrder(edits: readonly Edit[]): Edit[] | undefined {
  const sorted = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  for (let i = 1; i < sorted.length; i++) {
    const before = sorted[i - 1] as Edit;
    const edit = sorted[i] as Edit;
    if (edit.start < before.end || (edit.start === before.start && edit.end === before.end)) return undefined;
  }
  return sorted;
}

/** A list of edits in order, without overlaps. */
export class EditList {
  readonly edits: Edit[] = [];

  /** Adds all of `edits`, or none if one overlaps the list. Returns whether they were added. */
  add(edits: readonly Edit[]): boolean {
    const sorted = inOrder(edits);
    if (sorted === undefined || sorted.some((edit) => !this.#isFree(edit))) return false;
    for (const edit of sorted) this.edits.splice(this.#placeOf(edit), 0, edit);
    return true;
  }

  #isFree(edit: Edit): boolean {
    const at = this.#placeOf(edit);
    return inOrder([...this.edits.slice(Math.max(0, at - 1), at + 1), edit]) !== undefined;
  }

  /** The index of the first edit that is not before the given one. */
  #placeOf({ start, end }: Edit): number {
    let low = 0;
    let high = this.edits.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.edits[middle] as Edit;
      if (other.start < start || (other.start === start && other.end < end)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The offset in the original text for an offset in the edited one; inside a replacement, the start of the replacement. */
export function originalOffset(edits: readonly Edit[], offset: number): number {
  let shift = 0;
  for (const edit of edits) {
    const start = edit.start + shift;
    if (offset < start) break;
    if (offset < start + edit.text.length) return edit.start;
    shift += edit.text.length - (edit.end - edit.start);
  }
  return offset - shift;
}

/**
 * Composes two lists of edits, where `second` applies to the text that `first` produces. Edits of `second` that touch a
 * replacement of `first` become part of it.
 */
export function compose(source: string, first: readonly Edit[], second: readonly Edit[]): Edit[] {
  const result: Edit[] = [];
  const middle = applied(source, first);
  /** The edits of `first` with their offsets in the text between. */
  let shift = 0;
  const placed = first.map((edit) => {
    const start = edit.start + shift;
    shift += edit.text.length - (edit.end - edit.start);
    return { edit, start, end: start + edit.text.length };
  });
  let i = 0;
  let j = 0;
  shift = 0; // The middle offset minus the original offset, after the consumed edits.
  while (i < placed.length || j < second.length) {
    const one = placed[i];
    const two = second[j];
    const touches = one !== undefined && two !== undefined && one.start <= two.end && two.start <= one.end;
    if (!touches) {
      if (two === undefined || (one !== undefined && one.end < two.start)) {
        result.push((one as (typeof placed)[0]).edit);
        shift +=
          (one as (typeof placed)[0]).edit.text.length -
          ((one as (typeof placed)[0]).edit.end - (one as (typeof placed)[0]).edit.start);
        i++;
      } else {
        result.push({ ...two, start: two.start - shift, end: two.end - shift });
        j++;
      }
      continue;
    }
    // Collect all edits of both lists that touch each other.
    let start = Math.min(one.start, two.start);
    let end = Math.max(one.end, two.end);
    const from = i;
    const cluster: Edit[] = [];
    for (let grown = true; grown; ) {
      grown = false;
      for (let next = placed[i]; next !== undefined && next.start <= end; next = placed[i]) {
        start = Math.min(start, next.start);
        end = Math.max(end, next.end);
        i++;
        grown = true;
      }
      for (let next = second[j]; next !== undefined && next.start <= end; next = second[j]) {
        end = Math.max(end, next.end);
        cluster.push(next);
        j++;
        grown = true;
      }
    }
    let text = "";
    let at = start;
    for (const edit of cluster) {
      text += middle.slice(at, edit.start) + edit.text;
      at = edit.end;
    }
    text += middle.slice(at, end);
    const originalStart = start - shift;
    for (const { edit } of placed.slice(from, i)) shift += edit.text.length - (edit.end - edit.start);
    const main =
      placed.slice(from, i).find(({ edit }) => edit.companion === undefined)?.edit ??
      cluster.find((edit) => edit.companion === undefined) ??
      (placed[from] as (typeof placed)[0]).edit;
    result.push({ ...main, start: originalStart, end: end - shift, text });
  }
  return result;
}
