import { Cancellable } from "@hother/cancelable";

export function requireOperation(value: unknown, argument: string): asserts value is Cancellable {
  if (!(value instanceof Cancellable)) throw invalid(argument, "a Cancellable", value);
}

export function requireFunction(value: unknown, argument: string): void {
  if (typeof value !== "function") throw invalid(argument, "a function", value);
}

export function invalid(argument: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${argument} must be ${expected}; got ${value === null ? "null" : typeof value}`);
}
