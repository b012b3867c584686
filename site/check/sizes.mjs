// Prints how large the site is and what its first page costs.
import { readFileSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { dist, files } from "./site.mjs";

const kilobytes = (/** @type {number} */ bytes) => `${Math.round(bytes / 1000).toLocaleString("en")} kB`;

export function printSizes() {
  const all = files();
  const total = all.reduce((sum, name) => sum + statSync(dist + name).size, 0);
  const index = all.find((name) => name.includes("@localSearchIndex"));
  if (index === undefined) throw new Error("The site has no index for the search");
  const text = readFileSync(dist + index);
  console.log(`sizes: the site ${kilobytes(total)} in ${all.length} files`);
  console.log(
    `sizes: the index of the search ${kilobytes(text.length)}, ${kilobytes(gzipSync(text).length)} compressed`,
  );
}

/**
 * @param {(view: import("./browser.mjs").View) => Promise<import("playwright-core").Page>} open
 * @param {string} address
 */
export async function printCost(open, address) {
  for (const path of ["", "start"]) {
    const page = await open({ name: "phone", colorScheme: "light", width: 390, height: 844 });
    await page.goto(address + path, { waitUntil: "networkidle" });
    const { parsed, loaded, entries, paint } = await page.evaluate(() => {
      const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (
        performance.getEntriesByType("navigation")
      );
      const resources = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType("resource"));
      const sizeOf = (/** @type {PerformanceResourceTiming} */ { name, transferSize, encodedBodySize }) => ({
        name,
        size: transferSize || encodedBodySize,
      });
      return {
        parsed: navigation?.domContentLoadedEventEnd ?? 0,
        loaded: navigation?.loadEventEnd ?? 0,
        paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
        entries: [...(navigation === undefined ? [] : [sizeOf(navigation)]), ...resources.map(sizeOf)],
      };
    });
    const sum = (/** @type {RegExp} */ kind) =>
      entries
        .filter(({ name }) => kind.test(new URL(name).pathname))
        .reduce((total, { size }) => total + size, 0);
    console.log(
      `cost of /${path}: ${entries.length} requests, ${kilobytes(sum(/./))} (scripts ${kilobytes(sum(/\.js$/))}, ` +
        `styles ${kilobytes(sum(/\.css$/))}, fonts ${kilobytes(sum(/\.woff2$/))}); first paint after ${Math.round(paint)} ms, ` +
        `DOMContentLoaded ${Math.round(parsed)} ms, load ${Math.round(loaded)} ms`,
    );
    await page.context().close();
  }
}
