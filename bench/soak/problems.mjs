/** Records problems that reach no caller. */
import { setReporter } from "@hother/cancelable";
import { PlannedFailure } from "./planned.mjs";

/** The most recorded problems. A problem in one round usually repeats in the next. */
const most = 10;

/**
 * Records unhandled rejections, warnings of the process, errors that the library reports, and warnings on the console.
 *
 * @returns {{ problems: string[], stop: () => void }}
 */
export function listenForProblems() {
  /** @type {string[]} */
  const problems = [];
  const note = (/** @type {string} */ what, /** @type {unknown} */ error) => {
    if (problems.length < most) problems.push(`${what}: ${describe(error)}`);
  };
  const rejected = (/** @type {unknown} */ error) => note("unhandled rejection", error);
  const warned = (/** @type {Error} */ warning) => note("warning of the process", warning);
  process.on("unhandledRejection", rejected);
  process.on("warning", warned);
  const reporter = setReporter((error, source) => {
    if (!(error instanceof PlannedFailure)) note(`error reported by the library, in ${source}`, error);
  });
  const { warn } = console;
  console.warn = (...parts) => note("warning on the console", parts.join(" "));
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
