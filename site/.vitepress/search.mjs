// The order of the results of the search. The words of the navigation come first, then the pages about tasks and concepts,
// and the reference last.
import { pages } from "../navigation.mjs";

const base = process.env.SITE_BASE ?? "/cancelable/";
const words = Object.fromEntries(
  pages.flatMap(({ path, words = [] }) => words.map((word) => [word, path.replace(/(^|\/)index$/, "$1")])),
);
/** The first prefix of an address counts. */
const factors = Object.entries({
  "reference/": 0.1,
  changelog: 0.2,
  "about/": 0.5,
  contract: 0.5,
  "migration/": 0.5,
  "trouble/": 0.8,
  "how/": 1.5,
  "concepts/": 1.5,
});

/** VitePress takes the source text of this function into the page, so its tables are a part of the text. */
export const boostDocument = new Function(
  "id",
  "term",
  `const page = id.slice(${base.length}).replace(/#.*/, "");
  const factor = ${JSON.stringify(factors)}.find(([prefix]) => page.startsWith(prefix))?.[1] ?? 1;
  return ${JSON.stringify(words)}[term] === page ? 10 * factor : factor;`,
);
