import { Cancellable } from "@hother/cancelable";

export function requireOperation(value: unknown, argument: string): asserts value is Cancellable {
  if (!(value instanceof Cancellable)) throw invalidType(argument, "a Cancellable", value);
}

export function requireFunction(value: unknown, argument: string): void {
  if (typeof value !== "function") throw invalidType(argument, "a function", value);
}

/** A `TypeError` with the code that the core uses for invalid arguments, which it does not export. */
export function invalidType(argument: string, expected: string, got: unknown): TypeError {
  const type = got === null ? "null" : typeof got;
  return Object.assign(new TypeError(`${argument} must be ${expected}; got ${type}`), {
    code: "ERR_INVALID_ARG_TYPE",
  });
}
