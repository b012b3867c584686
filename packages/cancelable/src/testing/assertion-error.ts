/**
 * The error of every assertion of the testing kit. Test runners show it as a failed assertion. If the error has
 * `actual` and `expected`, they show the difference.
 *
 * @example
 * ```ts
 * import { AssertionError, stepRecorder } from "@hother/cancelable/testing";
 *
 * const { step } = stepRecorder();
 * try {
 *   step(2);
 * } catch (error) {
 *   console.assert(error instanceof AssertionError && error.code === "ERR_ASSERTION");
 * }
 * ```
 */
export class AssertionError extends Error {
  readonly code: "ERR_ASSERTION" = "ERR_ASSERTION";
  declare readonly actual?: unknown;
  declare readonly expected?: unknown;

  constructor(
    message: string,
    options?: { readonly cause?: unknown; readonly actual?: unknown; readonly expected?: unknown },
  ) {
    super(message, options !== undefined && "cause" in options ? { cause: options.cause } : undefined);
    this.name = "AssertionError";
    if (options !== undefined && "expected" in options) {
      this.actual = options.actual;
      this.expected = options.expected;
    }
  }
}
