// Each internal link of the built pages leads to a file of the site and, if it has an anchor, to an element of it.
import { readFileSync } from "node:fs";
import { Parser } from "htmlparser2";
import { base } from "../navigation.mjs";
import { dist, fileOf, files } from "./site.mjs";

/** @param {string} html */
function read(html) {
  /** @type {Set<string>} */
  const ids = new Set();
  /** @type {Set<string>} */
  const links = new Set();
  const parser = new Parser({
    onopentag: (name, attributes) => {
      if (attributes.id !== undefined) ids.add(attributes.id);
      // The target of a preload is the business of the bundler.
      const link = name === "link" ? undefined : (attributes.href ?? attributes.src);
      if (link !== undefined) links.add(link);
    },
  });
  parser.end(html);
  return { ids, links };
}

export function checkLinks() {
  const pages = new Map(
    files()
      .filter((name) => name.endsWith(".html"))
      .map((name) => [name, read(readFileSync(dist + name, "utf8"))]),
  );
  /** @type {Set<string>} */
  const faults = new Set();
  const hosts = new Map();
  let checked = 0;
  for (const [name, { links }] of pages) {
    for (const link of links) {
      // VitePress gives addresses to all pages from the base. The 404 page is shown at any address.
      const url = new URL(link, `http://site${base}${name}`);
      if (url.host !== "site") {
        hosts.set(url.host, (hosts.get(url.host) ?? 0) + 1);
        continue;
      }
      checked++;
      const file = url.pathname.startsWith(base) ? fileOf(url.pathname.slice(base.length)) : undefined;
      const anchor = decodeURIComponent(url.hash.slice(1));
      if (file === undefined) faults.add(`links: ${name} links to ${link}, which does not exist`);
      else if (anchor !== "" && file.endsWith(".html") && !pages.get(file)?.ids.has(anchor))
        faults.add(`links: ${name} links to ${link}, whose page has no such anchor`);
    }
  }
  console.log(`links: ${checked} internal links on ${pages.size} pages`);
  return [...faults];
}
