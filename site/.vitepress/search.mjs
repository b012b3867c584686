// The order of the results of the search.
import { base, pages } from "../navigation.mjs";

/** Words for which a page comes first, in lower case. @type {Record<string, string[]>} */
export const words = {
  start: ["install"],
  "which-one": ["table"],
  playground: ["playground"],
  "concepts/tree": ["tree", "parent"],
  "concepts/checkpoints": ["checkpoint"],
  "concepts/operations": ["operation", "status"],
  "concepts/reasons-and-errors": ["reason", "error"],
  "concepts/shields": ["shield"],
  "concepts/task-groups": ["group", "taskgroup", "nursery"],
  "concepts/deadlines": ["deadline"],
  "concepts/ambient": ["ambient", "asynclocalstorage"],
  "how/limit-time": ["timeout", "limit", "time", "moveonafter", "failafter", "withtimeout"],
  "how/cancel-from-outside": ["cancel", "token"],
  "how/ctrl-c": ["ctrl", "sigint", "sigterm", "signals"],
  "how/clean-up": ["finally", "cleanup"],
  "how/run-many": ["all", "promise", "race", "any"],
  "how/limit-concurrency": ["concurrency", "semaphore"],
  "how/retry": ["retry", "backoff", "hedge"],
  "how/only-the-latest": ["debounce", "latest"],
  "how/read-streams": ["stream", "streams"],
  "how/show-progress": ["progress"],
  "how/threads": ["thread", "worker"],
  "how/processes": ["command", "spawn"],
  "how/requests": ["request", "client"],
  "how/queries": ["query", "sql", "database"],
  "how/jobs": ["job"],
  "how/test": ["test", "virtual"],
  "how/what-does-not-end": ["leak", "hang", "stuck"],
  "trouble/messages": ["usageerror", "message"],
  "trouble/pitfalls": ["pitfall"],
  "trouble/limit-did-nothing": ["nothing"],
  coordination: ["lock"],
  queues: ["queue"],
  observing: ["registry"],
  "integrations/index": ["integration"],
  "integrations/fastify": ["fastify"],
  "integrations/pg": ["postgres", "postgresql", "pg"],
  "migration/from-abort-controller": ["abort", "abortcontroller", "abortsignal"],
  browsers: ["browser", "react", "vite"],
  production: ["shutdown"],
  contract: ["contract", "rule"],
};

for (const path of Object.keys(words)) {
  if (!pages.some((page) => page.path === path))
    throw new Error(`The search has words for the page ${path}, which is not in the navigation`);
}

const pageOfWord = Object.fromEntries(
  Object.entries(words).flatMap(([path, list]) =>
    list.map((word) => [word, path.replace(/(^|\/)index$/, "$1")]),
  ),
);

/** After the words, the pages about tasks and concepts come first and the reference last. The first prefix counts. */
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
  "fields",
  `const page = id.slice(${base.length}).replace(/#.*/, "");
  const factor = ${JSON.stringify(factors)}.find(([prefix]) => page.startsWith(prefix))?.[1] ?? 1;
  // The page itself before its sections, which have titles above them.
  const whole = fields?.titles?.length === 0 ? 2 : 1;
  return factor * whole * (${JSON.stringify(pageOfWord)}[term] === page ? 5 * whole : 1);`,
);
