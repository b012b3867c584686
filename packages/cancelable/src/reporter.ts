import { requireFunction } from "./arguments.ts";

/** Receives errors without a caller: of a callback, of a condition, or the later failures of a group. */
export type Reporter = (error: unknown, source: string) => void;

/** The errors that the default reporter has already written. */
const seen = new WeakSet<object>();

const toConsole: Reporter = (error, source) => {
  if (typeof error === "object" && error !== null) {
    if (seen.has(error)) return;
    seen.add(error);
  }
  console.error(`@hother/cancelable: error in ${source}:`, error);
};

let reporter: Reporter = toConsole;

/**
 * Sets the function that receives errors without a caller, and returns the previous one. `null` restores the default,
 * which writes each distinct error once to `console.error`.
 *
 * @example
 * ```ts
 * import { setReporter } from "@hother/cancelable";
 *
 * const before = setReporter((error, source) => console.warn(source, error));
 * setReporter(before);
 * ```
 */
export function setReporter(next: Reporter | null): Reporter {
  if (next !== null) requireFunction(next, "reporter");
  const before = reporter;
  reporter = next ?? toConsole;
  return before;
}

/**
 * @internal Writes a warning about a likely mistake to the console. The reporter does not get it: the reporter gets errors,
 * and the code that a warning is about can be right. Never throws.
 */
export function warn(message: string): void {
  try {
    console.warn(`@hother/cancelable: ${message}`);
  } catch {
    // There is no other place for the warning.
  }
}

/**
 * Sends an error that has no caller to the reporter, for packages that build on this library. `source` names the
 * code that failed. If the reporter throws, both errors go to the console; `report` itself never throws.
 *
 * @example
 * ```ts
 * import { report, setReporter } from "@hother/cancelable";
 *
 * const sources: string[] = [];
 * const before = setReporter((_error, source) => sources.push(source));
 * report(new Error("the file is gone"), "a file watcher");
 * setReporter(before);
 * console.assert(sources[0] === "a file watcher");
 * ```
 */
export function report(error: unknown, source: string): void {
  try {
    reporter(error, source);
  } catch (failure) {
    try {
      toConsole(failure, "the reporter");
      toConsole(error, source);
    } catch {
      // The console throws too: the errors cannot be reported.
    }
  }
}
