// The search finds the right page first for words that users type.
import { base } from "../navigation.mjs";

/** @type {Array<[word: string, page: string]>} */
const words = [
  ["timeout", "how/limit-time"],
  ["deadline", "concepts/deadlines"],
  ["shield", "concepts/shields"],
  ["cancel", "how/cancel-from-outside"],
  ["abort", "migration/from-abort-controller"],
  ["ctrl-c", "how/ctrl-c"],
  ["registry", "observing"],
  ["progress", "how/show-progress"],
  ["browser", "browsers"],
  ["react", "browsers"],
  ["moveOnAfter", "how/limit-time"],
  ["retry", "how/retry"],
  ["thread", "how/threads"],
  ["test", "how/test"],
  ["fastify", "integrations/fastify"],
  ["postgres", "integrations/pg"],
  ["leak", "how/what-does-not-end"],
  ["stream", "how/read-streams"],
  ["queue", "queues"],
  ["promise.all", "how/run-many"],
  ["race", "how/run-many"],
  ["limit", "how/limit-time"],
  ["debounce", "how/only-the-latest"],
  ["task group", "concepts/task-groups"],
];

/**
 * @param {(view: import("./browser.mjs").View) => Promise<import("playwright-core").Page>} open
 * @param {string} address
 */
export async function checkSearch(open, address) {
  const page = await open({ name: "light", colorScheme: "light", width: 1280, height: 900 });
  await page.goto(`${address}start`, { waitUntil: "load" });
  // The keys work when the application has taken over the page.
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("#app")).__vue_app__);
  await page.keyboard.press("Control+k");
  const input = page.locator("#localsearch-input");
  const results = page.locator("#localsearch-list .result");
  await input.waitFor();
  /** @type {string[]} */
  const faults = [];
  for (const [word, wanted] of words) {
    // An empty list first, so that the results are those of this word.
    await input.fill("");
    await page.waitForFunction(() => document.querySelector("#localsearch-list .result") === null);
    await input.fill(word);
    await results.first().waitFor();
    const links = await results.evaluateAll((elements) =>
      elements.slice(0, 4).map((element) => element.getAttribute("href")),
    );
    const found = links.map((link) => link?.slice(base.length).replace(/#.*/, ""));
    if (found[0] !== wanted) faults.push(`search: "${word}" finds ${found.join(", ")} instead of ${wanted}`);
  }
  console.log(`search: ${words.length - faults.length} of ${words.length} words find the right page first`);
  await page.context().close();
  return faults;
}
