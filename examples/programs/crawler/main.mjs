// @ts-check
// A crawler of three sites: at most two requests to each at a time, retries, progress, and a partial result on Ctrl-C.
//
//   node examples/programs/crawler/main.mjs
//   node examples/programs/crawler/main.mjs --ctrl-c      (presses Ctrl-C itself, after 12 pages)
import { main } from "@hother/cancelable/process";
import { crawl, HttpError } from "./crawl.mjs";
import { startSites } from "./site.mjs";

const pressAfter = process.argv.includes("--ctrl-c") ? 12 : Number.POSITIVE_INFINITY;

await main(async (op) => {
  const sites = await startSites({ holdAfter: pressAfter });
  /** @type {import("./crawl.mjs").Found} */
  const found = { pages: new Map(), failed: new Map() };

  let isPressed = false; // a second signal would end the process without the clean-up
  op.onProgress((progress) => {
    if (typeof progress !== "object") return;
    if ((progress.current ?? 0) % 6 === 0) console.log(progress.current, progress.unit);
    if (found.pages.size === pressAfter && !isPressed) {
      isPressed = true;
      process.kill(process.pid, "SIGINT");
    }
  });

  try {
    await crawl(sites.start, found);
    const names = [...found.pages.keys()].map(sites.label);
    for (const site of ["docs", "blog", "shop"])
      console.log(`${site}: ${names.filter((name) => name.startsWith(site)).length} pages`);
    for (const line of [...found.failed]
      .map(([url, error]) => `${sites.label(url)}: ${messageOf(error)}`)
      .sort())
      console.log(line);
    console.log("blog/3 was asked for", sites.asked.get("blog/3"), "times");
  } finally {
    // Runs after Ctrl-C, too. Every request has ended, and what was found until then is here.
    if (op.isCancelled) console.log("stopped:", op.error?.reason);
    console.log("pages:", found.pages.size, "- at most 2 requests to a site at a time:", sites.most() <= 2);
    sites.stop();
  }
});

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof HttpError ? error.message : "no answer";
}
