// @ts-check
/* Clients of the gateway. About a third of them leave before the answer. They know nothing of this library. */
import { Agent, get } from "node:http";
import { setTimeout } from "node:timers/promises";

/** Pseudo-random numbers from 0 to 1, the same ones in every run. @param {number} seed */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

/** What the clients saw. */
export class Seen {
  sent = 0;
  left = 0;
  /** How many answers had each status. @type {Map<number, number>} */
  statuses = new Map();
  broken = 0;
}

/**
 * Sends requests until `signal` is aborted. Resolves when all of them are answered or given up.
 *
 * @param {string} url
 * @param {Seen} seen
 * @param {AbortSignal} signal
 */
export async function sendLoad(url, seen, signal) {
  const random = randomNumbers(7);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const pending = [];
  while (!signal.aborted) {
    const leaveAfter = random() < 0.35 ? 5 + random() * 250 : undefined;
    pending.push(ask(agent, `${url}/orders/${seen.sent++}`, leaveAfter, seen));
    await setTimeout(random() * 14);
  }
  await Promise.all(pending);
  agent.destroy();
}

/**
 * @param {Agent} agent
 * @param {string} url
 * @param {number | undefined} leaveAfter In ms.
 * @param {Seen} seen
 * @returns {Promise<void>}
 */
function ask(agent, url, leaveAfter, seen) {
  return new Promise((resolve) => {
    let hasLeft = false;
    const request = get(url, { agent }, (response) => {
      const { statusCode = 0 } = response;
      response.resume().once("close", () => {
        if (!hasLeft) seen.statuses.set(statusCode, (seen.statuses.get(statusCode) ?? 0) + 1);
        end();
      });
    });
    const leave = () => {
      hasLeft = true;
      seen.left++;
      request.destroy();
    };
    const leaving = leaveAfter === undefined ? undefined : globalThis.setTimeout(leave, leaveAfter);
    const end = () => {
      clearTimeout(leaving);
      resolve();
    };
    request.once("error", () => {
      if (!hasLeft) seen.broken++;
      end();
    });
  });
}
