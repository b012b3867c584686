/**
 * Measures the accuracy of moments, in this process (see child.mjs): when a deadline fires, how long after a
 * cancellation the sleeping code runs, and how long after it a server sees its socket closed. The subjects take turns.
 */
import { deadlines } from "./accuracy/deadlines.mjs";
import { sleeper } from "./accuracy/sleeper.mjs";
import { socket } from "./accuracy/socket.mjs";
import { quantile } from "./measure.mjs";

/** @import { AccuracyRow } from "./types.mjs" */

/**
 * @typedef {object} Question
 * @property {string} name
 * @property {string} about
 * @property {(quick: boolean) => Promise<Record<string, { ours?: boolean, note?: string, samples: number[] }>>} ask
 *   The samples are in ns.
 */

/** @type {Question[]} */
export const questions = [
  {
    name: "deadline, idle",
    about:
      "The moment at which the code is notified of a deadline, minus the requested moment. A value below 0 is too early. 2,000 deadlines of 1 to 500 ms start 2 ms apart, each in three ways at the same time, in a process that does nothing else. For this library, the moment is when the sleeping code catches the cancellation.",
    ask: (quick) => deadlines(quick ? 200 : 2000, false),
  },
  {
    name: "deadline, under load",
    about: "The same, while a timer keeps the thread busy for 5 ms of every 10 ms.",
    ask: (quick) => deadlines(quick ? 200 : 2000, true),
  },
  {
    name: "cancel to sleeper",
    about: "From the cancelling call to the first line of the sleeping code's `catch` block or finalizer.",
    ask: (quick) => sleeper(quick ? 300 : 3000),
  },
  {
    name: "cancel to socket",
    about:
      "From the cancelling call until the server sees the connection of a `fetch` closed. Client and server are in one process and use the loopback interface.",
    ask: (quick) => socket(quick ? 30 : 300),
  },
];

/**
 * @param {undefined} _benchmark
 * @param {{ quick: boolean }} options
 * @returns {Promise<Omit<AccuracyRow, "runtime">[]>}
 */
export async function measureAccuracy(_benchmark, { quick }) {
  const rows = [];
  for (const { name: question, ask } of questions) {
    for (const [subject, { ours = false, note, samples }] of Object.entries(await ask(quick))) {
      const at = (/** @type {number} */ q) => Math.round(quantile(samples, q));
      rows.push({
        question,
        subject,
        ours,
        ...(note === undefined ? {} : { note }),
        samples: samples.length,
        min: at(0),
        p50: at(0.5),
        p99: at(0.99),
        max: at(1),
      });
    }
  }
  return rows;
}
