/*
 * The knowledge that copies of this package in one process have of each other. Copies are two versions, or a bundled copy
 * beside an installed one.
 * Each copy has classes, an ambient store and a registry of its own. The copies are listed in a slot on `globalThis`,
 * whose name has the version of this contract.
 */

/** The version in package.json. A test compares them. */
const version = "0.2.0";

/** One copy of the package. The members are the contract between versions. */
export interface Copy {
  readonly version: string;
  /** The signal of the scope that the calling code has entered in this copy, if any. */
  enteredSignal?: () => AbortSignal | undefined;
}

export const thisCopy: Copy = { version };

const slot: unique symbol = Symbol.for("@hother/cancelable.copies/1") as never;
const mark: unique symbol = Symbol.for("@hother/cancelable.copy/1") as never;

/** All copies that have been loaded. */
export const copies: Copy[] = ((globalThis as { [slot]?: Copy[] })[slot] ??= []);
copies.push(thisCopy);

/** Marks the instances of a class of this copy, so that the errors of other copies can name this copy. */
export function markCopy(ofClass: abstract new (...args: never[]) => unknown): void {
  Object.defineProperty(ofClass.prototype, mark, { value: thisCopy });
}

/** The other copy whose class `value` is an instance of, if any. */
export function otherCopyOf(value: object): Copy | undefined {
  const copy = (value as { [mark]?: Copy })[mark];
  return copy === thisCopy ? undefined : copy;
}
