// Checks the built site: its navigation, links and anchors, and, in Chromium, its search and its accessibility.
import { checkAccessibility } from "./accessibility.mjs";
import { executable, withBrowser } from "./browser.mjs";
import { checkLinks } from "./links.mjs";
import { checkNavigation } from "./navigation.mjs";
import { checkSearch } from "./search.mjs";
import { serve } from "./site.mjs";
import { printCost, printSizes } from "./sizes.mjs";

const faults = [...checkNavigation(), ...checkLinks()];
printSizes();
if (executable === undefined)
  console.log("search, accessibility: skipped, because Chromium is not installed");
else {
  const server = await serve();
  try {
    const { value, refused } = await withBrowser(async (open) => {
      const found = await checkSearch(open, server.address);
      await printCost(open, server.address);
      return [...found, ...(await checkAccessibility(open, server.address))];
    });
    faults.push(...value, ...refused.map((url) => `offline: a page asked for ${url}`));
    console.log(`offline: ${refused.length} requests to other hosts`);
  } finally {
    server.close();
  }
}
for (const fault of faults) console.error(`FAILED ${fault}`);
console.log(faults.length === 0 ? "The site has no fault" : `${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
