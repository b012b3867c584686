/** What goes wrong without a caller. */
import { setReporter } from "@hother/cancelable";
import { PlannedFailure } from "./planned.mjs";

/** What is wrong in one round is wrong in the next: after this many the rest says nothing new. */
const most = 10;

/**
 * Hears of rejections that nobody handles, warnings of the process, errors that the library reports, and what it
 * warns of on the console.
 *
 * @returns {{ problems: string[], stop: () => void }}
 */
export function listenForProblems() {
  /** @type {string[]} */
  const problems = [];
  const note = (/** @type {string} */ what, /** @type {unknown} */ error) => {
    if (problems.length < most) problems.push(`${what}: ${describe(error)}`);
  };
  const rejected = (/** @type {unknown} */ error) => note("a rejection that nobody handled", error);
  const warned = (/** @type {Error} */ warning) => note("a warning of the process", warning);
  process.on("unhandledRejection", rejected);
  process.on("warning", warned);
  const reporter = setReporter((error, source) => {
    if (!(error instanceof PlannedFailure)) note(`reported by the library, in ${source}`, error);
  });
  const { warn } = console;
  console.warn = (...parts) => note("a warning on the console", parts.join(" "));
  return {
    problems,
    stop() {
      process.off("unhandledRejection", rejected);
      process.off("warning", warned);
      setReporter(reporter);
      console.warn = warn;
    },
  };
}

/** @param {unknown} error */
export function describe(error) {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}
