/*
 * Tests for objects of built-in classes, of any realm. A realm has built-in classes of its own: a frame of a page, a `node:vm`
 * context, and each test file in Jest, to which the errors of Node's own modules do not belong.
 */

/** Whether `value` is an error or a `DOMException`. Never throws. */
export function isError(value: unknown): value is Error {
  return hasTag(value, "Error") || hasTag(value, "DOMException") || isOfOurRealm(value);
}

/** Whether `value` is a native promise. Never throws. */
export function isNativePromise(value: unknown): value is Promise<unknown> {
  return hasTag(value, "Promise");
}

/** Whether `value` is a regular expression. Never throws. */
export function isRegExp(value: unknown): value is RegExp {
  return hasTag(value, "RegExp");
}

/** The time of a `Date` in epoch milliseconds. Undefined for any other value. Never throws. */
export function timeOf(value: unknown): number | undefined {
  try {
    return Date.prototype.getTime.call(value as Date); // throws for anything else
  } catch {
    return undefined;
  }
}

/** Whether `value` was made by an object literal or `Object.create(null)`. */
export function isPlainObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** An error whose class has a tag of its own. */
function isOfOurRealm(value: unknown): boolean {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}

function hasTag(value: unknown, tag: string): boolean {
  try {
    return (
      typeof value === "object" &&
      value !== null &&
      Object.prototype.toString.call(value) === `[object ${tag}]`
    );
  } catch {
    return false;
  }
}
