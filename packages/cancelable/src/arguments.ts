import { otherCopyOf, thisCopy } from "./copy.ts";
import { isNativePromise, timeOf } from "./realms.ts";

/** A short text for a value, for messages. Never throws. */
export function show(value: unknown): string {
  try {
    if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
    if (typeof value === "string")
      return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}…` : value);
    if (typeof value === "object" && value !== null) {
      if (Number.isNaN(timeOf(value))) return "an invalid Date";
      const name = (value as object).constructor?.name ?? "Object";
      if (name === "") return withoutClass(value);
      if (name !== "Object" && name !== "Array") {
        const other = otherCopyOf(value);
        return other === undefined
          ? `an instance of ${name}`
          : `an instance of ${name} of another copy of @hother/cancelable (${other.version}; this one is ${thisCopy.version})`;
      }
      const text = JSON.stringify(value);
      return text.length > 80 ? `${text.slice(0, 77)}…` : text;
    }
    return typeof value === "bigint" ? `${value}n` : String(value);
  } catch {
    return `a value of type ${typeof value}`;
  }
}

/** A text for an instance of a class without a name: `an async generator`. */
function withoutClass(value: object): string {
  const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
  const words = kind.replace(/\B[A-Z]/g, " $&").toLowerCase();
  return kind === "Object"
    ? "an instance of a class without a name"
    : `${/^[aeiou]/.test(words) ? "an" : "a"} ${words}`;
}

/** Creates a `TypeError` that names the argument, the expected type and the value. */
export function invalidType(argument: string, expected: string, got: unknown): TypeError {
  return Object.assign(new TypeError(`${argument} must be ${expected}; got ${show(got)}`), {
    code: "ERR_INVALID_ARG_TYPE",
  });
}

/** Creates a `RangeError` that names the argument, the expected range and the value. */
export function outOfRange(argument: string, expected: string, got: unknown): RangeError {
  return Object.assign(new RangeError(`${argument} must be ${expected}; got ${show(got)}`), {
    code: "ERR_OUT_OF_RANGE",
  });
}

export function requireFunction(value: unknown, argument: string): void {
  if (typeof value === "function") return;
  if (!isNativePromise(value)) throw invalidType(argument, "a function", value);
  // The caller gave the promise away: after this error, no code waits for it.
  Promise.resolve(value).catch(() => {});
  throw invalidType(argument, "a function, such as () => promise", value);
}

/** Requires an iterable. @param expected The values of the iterable, for the message. */
export function requireIterable(value: unknown, argument: string, expected: string): void {
  const candidate = value as Partial<Iterable<unknown> & AsyncIterable<unknown>> | null | undefined;
  if (typeof candidate?.[Symbol.iterator] === "function") return;
  const advice =
    typeof candidate?.[Symbol.asyncIterator] === "function"
      ? ", not an async one; read that with for await, chunk or merge, or through a Queue"
      : "";
  throw invalidType(argument, `${expected}${advice}`, value);
}

export function requireOptions(value: unknown, argument = "options"): void {
  if (value !== undefined && (typeof value !== "object" || value === null || Array.isArray(value))) {
    throw invalidType(argument, "an object", value);
  }
}

export function requireText(value: unknown, argument: string): void {
  if (value !== undefined && typeof value !== "string") throw invalidType(argument, "a string", value);
}

/** One value or an array of values, as a list. `check` gets each value and its name. */
export function toList<T>(
  value: T | readonly T[],
  argument: string,
  check: (one: unknown, argument: string) => void,
): readonly T[] {
  if (!Array.isArray(value)) {
    check(value, argument);
    return [value as T]; // not an array
  }
  for (const [index, one] of value.entries()) check(one, `${argument}[${index}]`);
  return [...value];
}

export function requireBoolean(value: unknown, argument: string): void {
  if (typeof value !== "boolean") throw invalidType(argument, "true or false", value);
}

/** Requires one of these words. */
export function requireOneOf(value: unknown, argument: string, words: readonly string[]): void {
  if (words.includes(value as string)) return; // a value of another type is in no list of words
  const quoted = words.map((word) => `"${word}"`);
  throw invalidType(argument, `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`, value);
}

/** Requires a whole number of at least `least`, and not Infinity. */
export function requireWhole(value: unknown, argument: string, least: number): void {
  if (typeof value !== "number") throw invalidType(argument, "a number", value);
  if (!Number.isInteger(value) || value < least)
    throw outOfRange(argument, `a whole number of at least ${least}`, value);
}

/** Requires a whole number of at least `least`, or Infinity. */
export function requireCount(value: unknown, argument: string, least: number): void {
  if (typeof value !== "number") throw invalidType(argument, "a number", value);
  if (!(value >= least) || (value !== Number.POSITIVE_INFINITY && !Number.isInteger(value))) {
    throw outOfRange(argument, `a whole number of at least ${least}, or Infinity`, value);
  }
}

/**
 * Whether `await` would wait for a value. True if the value's `then` cannot be read: `Promise.resolve` makes a rejection
 * of such a value. Never throws.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    return (
      value !== null &&
      (typeof value === "object" || typeof value === "function") &&
      typeof (value as { then?: unknown }).then === "function"
    );
  } catch {
    return true;
  }
}
