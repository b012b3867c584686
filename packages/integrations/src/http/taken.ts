import type { Cancellable } from "@hother/cancelable";

/** Where a request keeps its operation. */
const key = Symbol("@hother/cancelable-integrations.operation");

interface Marked {
  [key]?: Cancellable;
}

/** The operation of a request, of Node or of the web, that an integration has already taken, if any. */
export function takenBy(request: object): Cancellable | undefined {
  return (request as Marked)[key]; // the symbol is known to this file only
}

/** Notes the operation of a request. */
export function take(request: object, operation: Cancellable): void {
  (request as Marked)[key] = operation; // the symbol is known to this file only
}
