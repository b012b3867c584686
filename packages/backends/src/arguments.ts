import { Cancellable } from "@hother/cancelable";

export function requireOperation(value: unknown, argument: string): asserts value is Cancellable {
  if (!(value instanceof Cancellable)) throw invalidType(argument, "a Cancellable", value);
}

/** The operation, or the operation that the function creates. */
export function operationOf(op: Cancellable | (() => Cancellable)): Cancellable {
  if (typeof op !== "function") return op;
  const created = op();
  requireOperation(created, "the result of op()");
  return created;
}

export function requireOperationOrFunction(value: unknown, argument: string): void {
  if (typeof value !== "function" && !(value instanceof Cancellable)) {
    throw invalidType(argument, "a Cancellable, or a function that returns one", value);
  }
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

/** Requires an object, or undefined, that has no option except those in `known`. */
export function requireKnownOptions(options: unknown, known: readonly string[], of: string): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null) throw invalidType("options", "an object", options);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const message = `options.${unknown} is not an option of ${of}; the options are ${known.join(", ")}`;
  throw Object.assign(new TypeError(message), { code: "ERR_UNKNOWN_OPTION" });
}
