// Chromium for the checks. A request to another host is refused and counted.
import { chromium } from "playwright-core";
import { chromiumPath } from "../../tools/hosts/chromium.mjs";

/** The program: that of the variable CHROMIUM, or the installed one. Undefined if this machine has none. */
export const executable = process.env.CHROMIUM ?? chromiumPath;

/** @typedef {{ name: string, colorScheme: "light" | "dark", width: number, height: number }} View */

/** @type {View[]} */
export const views = [
  { name: "light", colorScheme: "light", width: 1280, height: 900 },
  { name: "dark", colorScheme: "dark", width: 1280, height: 900 },
  { name: "phone", colorScheme: "light", width: 390, height: 844 },
];

/**
 * Runs `body` with a browser.
 *
 * @template T
 * @param {(open: (view: View) => Promise<import("playwright-core").Page>) => Promise<T>} body
 * @returns {Promise<{ value: T, refused: string[] }>}
 */
export async function withBrowser(body) {
  /** @type {string[]} */
  const refused = [];
  const browser = await chromium.launch({
    ...(executable !== undefined && { executablePath: executable }),
    args: ["--no-sandbox"],
  });
  try {
    const open = async (/** @type {View} */ { colorScheme, width, height }) => {
      const context = await browser.newContext({
        colorScheme,
        viewport: { width, height },
        reducedMotion: "reduce",
      });
      await context.route("**", (route) => {
        const { hostname } = new URL(route.request().url());
        if (hostname === "127.0.0.1") return route.continue();
        refused.push(route.request().url());
        return route.abort();
      });
      return context.newPage();
    };
    return { value: await body(open), refused };
  } finally {
    await browser.close();
  }
}
