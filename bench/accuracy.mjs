/**
 * How exact the moments are, measured in this process (see child.mjs): when a deadline fires, and how long after
 * a cancellation the code that slept runs and a server sees its socket closed. The subjects take turns.
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
 *   gives ns
 */

/** @type {Question[]} */
export const questions = [
  {
    name: "deadline, idle",
    about:
      "When code learns of a deadline, minus the moment that was asked for; below 0 is too early. 2,000 deadlines of 1 to 500 ms, one after another 2 ms apart, three ways at the same time in one process that does nothing else. For ours the moment at which the sleeping code catches the cancellation.",
    ask: (quick) => deadlines(quick ? 200 : 2000, false),
  },
  {
    name: "deadline, under load",
    about: "The same while every 10 ms something keeps the thread busy for 5 ms.",
    ask: (quick) => deadlines(quick ? 200 : 2000, true),
  },
  {
    name: "cancel to sleeper",
    about: "From the call that cancels to the first line of the sleeping code's `catch` (or finalizer).",
    ask: (quick) => sleeper(quick ? 300 : 3000),
  },
  {
    name: "cancel to socket",
    about:
      "From the call that cancels to the server's seeing the connection of a `fetch` closed, both on the loopback interface and in one process.",
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
