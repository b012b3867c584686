// @ts-check
// The crawler: follows every link once, with a limit for each host, retries, progress and a partial result.
import {
  CapacityLimiter,
  currentOperation,
  currentSignal,
  failAfter,
  retry,
  taskGroup,
} from "@hother/cancelable";
import { Keyed } from "@hother/cancelable/sync";

export class HttpError extends Error {
  /** @param {number} status */
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}

/**
 * What has been found so far. The crawler fills it while it runs.
 *
 * @typedef {{ pages: Map<string, string[]>, failed: Map<string, unknown> }} Found
 */

/** One page. The signal closes the connection when the scope of the caller is cancelled. @param {string} url */
async function load(url) {
  const response = await fetch(url, { signal: currentSignal() });
  const text = await response.text();
  if (!response.ok) throw new HttpError(response.status);
  return text.split("\n").filter((line) => line !== "");
}

/**
 * Crawls from `start`. A page that fails for good is noted, and the others go on.
 *
 * @param {string} start
 * @param {Found} found gets the pages; what is in it stays when the crawl is cancelled
 * @param {{ perHost?: number, attemptTimeout?: number }} [options]
 */
export async function crawl(start, found, { perHost = 2, attemptTimeout = 10_000 } = {}) {
  const seen = new Set();
  /** @type {Keyed<string, CapacityLimiter>} */
  const hosts = new Keyed(() => new CapacityLimiter(perHost));

  await taskGroup((group) => {
    /** Starts a task for a page that is new. @param {string} url */
    const visit = (url) => {
      if (seen.has(url)) return;
      seen.add(url);
      group.startSoon(async () => {
        try {
          const links = await loadPolitely(url);
          found.pages.set(url, links);
          for (const link of links) visit(link);
        } catch (error) {
          currentOperation()?.check(); // a cancellation of the crawl is no failure of this page
          found.failed.set(url, error);
        }
        const current = found.pages.size + found.failed.size;
        currentOperation()?.reportProgress({ current, total: seen.size, unit: "pages" });
      });
    };
    visit(start);
  });

  /** Waits for a place at the host, and tries again what can pass. The wait between attempts gives the place back. */
  async function loadPolitely(/** @type {string} */ url) {
    const attempt = () => failAfter(attemptTimeout, () => load(url)); // the wait for a place does not count
    return retry(() => hosts.run(new URL(url).host, attempt), {
      attempts: 3,
      backoff: { initial: 5, jitter: "full" },
      when: (error) => !(error instanceof HttpError) || error.status >= 500,
    });
  }
}
