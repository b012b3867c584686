// Takes pictures of the main pages, in light, in dark and on a phone, into screenshots/. Arguments: paths instead of the
// main pages.
import { mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { views, withBrowser } from "./browser.mjs";
import { mainPages } from "./main-pages.mjs";
import { serve } from "./site.mjs";

const folder = fileURLToPath(new URL("../screenshots/", import.meta.url));
const paths = process.argv.length > 2 ? process.argv.slice(2) : mainPages;
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
const server = await serve();
await withBrowser(async (open) => {
  for (const view of views) {
    const page = await open(view);
    for (const path of paths) {
      await page.goto(server.address + path, { waitUntil: "networkidle" });
      const name = path.replace(/\/$/, "").replaceAll("/", "-") || "home";
      await page.screenshot({ path: `${folder}${name}-${view.name}.png`, fullPage: view.name === "phone" });
    }
  }
});
server.close();
console.log(`${paths.length * views.length} pictures in ${folder}`);
