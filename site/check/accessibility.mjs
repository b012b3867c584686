// axe finds no violation on the main pages, in light, in dark and on a phone, and no page is wider than a phone.
import { createRequire } from "node:module";
import { views } from "./browser.mjs";
import { mainPages } from "./main-pages.mjs";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/**
 * @param {(view: import("./browser.mjs").View) => Promise<import("playwright-core").Page>} open
 * @param {string} address
 */
export async function checkAccessibility(open, address) {
  /** @type {string[]} */
  const faults = [];
  let looked = 0;
  const look = async (/** @type {import("./browser.mjs").View} */ view) => {
    const page = await open(view);
    for (const path of mainPages) {
      await page.goto(address + path, { waitUntil: "load" });
      await page.addScriptTag({ path: axe });
      const { violations, width } = await page.evaluate(async () => {
        const { violations } = await /** @type {any} */ (window).axe.run(document, {
          resultTypes: ["violations"],
        });
        return {
          violations: violations.map((/** @type {any} */ { id, impact, help, nodes }) => ({
            ...{ id, impact, help, count: nodes.length },
            target: nodes
              .slice(0, 3)
              .map((/** @type {any} */ node) => `${node.target} ${node.any[0]?.message ?? ""}`),
          })),
          width: document.documentElement.scrollWidth,
        };
      });
      looked++;
      const where = `/${path} (${view.name})`;
      for (const { id, impact, help, count, target } of violations)
        faults.push(`accessibility: ${where}: ${id}, ${impact}, ${count} ×: ${help}: ${target.join("; ")}`);
      if (width > view.width) faults.push(`layout: ${where} is ${width} px wide`);
    }
    await page.context().close();
  };
  await Promise.all(views.map(look));
  console.log(`accessibility: axe looked ${looked} times`);
  return faults;
}
