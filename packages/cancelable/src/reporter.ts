import { requireFunction } from "./arguments.ts";

/** Receives errors that have no caller: a callback that threw, a condition that broke, a later failure of a group. */
export type Reporter = (error: unknown, source: string) => void;

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
 * Sets who is told of errors that have no caller; `null` restores the default, which writes each
 * distinct error once to `console.error`. Returns the one before.
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

/** Tells the reporter; a reporter that throws falls back to the console, and never reaches the caller. */
export function report(error: unknown, source: string): void {
  try {
    reporter(error, source);
  } catch (failure) {
    try {
      toConsole(failure, "the reporter");
      toConsole(error, source);
    } catch {
      // A console that throws leaves nobody to tell.
    }
  }
}
