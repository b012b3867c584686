/**
 * What every assertion of the testing kit fails with. Test runners show it as a failed assertion, with
 * `actual` and `expected` side by side where both are there.
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
  /** What was found. */
  declare readonly actual?: unknown;
  /** What should have been there. */
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
