// The lists of promised behaviours, and the ids that the benchmark covers.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * @typedef {object} Item
 * @property {string} id
 * @property {string} behaviour
 * @property {string} [mark] how the behaviour relates to trio and anyio; only in marked lists
 * @property {string} [absent] why no test covers the behaviour
 *
 * @typedef {object} List
 * @property {string} file
 * @property {string} heading
 * @property {string} intro
 * @property {string} prefix
 * @property {boolean} marked
 * @property {Item[]} items
 */

export const root = fileURLToPath(new URL("..", import.meta.url));

const folder = "packages/cancelable/test/conformance";
const marks = ["same", "adapted", "not expressible", "new"];

const lists = [
  {
    file: `${folder}/items.json`,
    heading: "Behaviours of structured concurrency",
    prefix: "CONF",
    marked: true,
    intro:
      "Behaviours that trio and anyio promise and test, in the form that they have here. *same*: the same behaviour. " +
      "*adapted*: a form that suits JavaScript or this library. *not expressible*: JavaScript has no means for the " +
      "behaviour. *new*: the behaviour exists in JavaScript only.",
  },
  {
    file: `${folder}/parity-items.json`,
    heading: "Behaviours of the Python package",
    prefix: "PAR",
    marked: false,
    intro:
      "Behaviours that the tests of the Python package `hother.cancelable` assert, in TypeScript's terms.",
  },
  {
    file: `${folder}/verb-items.json`,
    heading: "Behaviours of the verbs",
    prefix: "VERB",
    marked: false,
    intro: "The promises of retry, hedge, interval, on, map, select, single flights, tokens and main.",
  },
  {
    file: `${folder}/sync-items.json`,
    heading: "Behaviours of coordination",
    prefix: "SYNC",
    marked: false,
    intro: "The promises of locks, semaphores, barriers, rate limiters, queues and broadcasts.",
  },
  {
    file: `${folder}/thread-items.json`,
    heading: "Behaviours of threads",
    prefix: "THR",
    marked: false,
    intro: "The promises of shared tokens, of work in threads and of the bridge to the main thread.",
  },
  {
    file: `${folder}/process-items.json`,
    heading: "Behaviours of processes",
    prefix: "PRC",
    marked: false,
    intro: "The promises of runProcess.",
  },
  {
    file: `${folder}/server-items.json`,
    heading: "Behaviours of servers",
    prefix: "HIN",
    marked: false,
    intro: "The promises of the integrations for web frameworks and sockets: requests that come in.",
  },
  {
    file: `${folder}/client-items.json`,
    heading: "Behaviours of HTTP clients",
    prefix: "HOUT",
    marked: false,
    intro: "The promises of the integrations for HTTP clients: requests that go out.",
  },
  {
    file: `${folder}/deadline-items.json`,
    heading: "Behaviours of deadlines in HTTP",
    prefix: "DL",
    marked: false,
    intro: "The promises of deadlines that travel with requests.",
  },
  {
    file: `${folder}/shutdown-items.json`,
    heading: "Behaviours of a shutdown",
    prefix: "SHD",
    marked: false,
    intro: "The promises of gracefulShutdown.",
  },
  {
    file: `${folder}/postgresql-items.json`,
    heading: "Behaviours of PostgreSQL",
    prefix: "PG",
    marked: false,
    intro:
      "The promises of the integrations for the clients of PostgreSQL and for the query builders over them.",
  },
  {
    file: `${folder}/transaction-items.json`,
    heading: "Behaviours of transactions",
    prefix: "TX",
    marked: false,
    intro: "The promises of withTransaction.",
  },
  {
    file: `${folder}/mysql-items.json`,
    heading: "Behaviours of MySQL and MariaDB",
    prefix: "MY",
    marked: false,
    intro: "The promises of the integration for mysql2.",
  },
  {
    file: `${folder}/mongodb-items.json`,
    heading: "Behaviours of MongoDB",
    prefix: "MDB",
    marked: false,
    intro: "The promises of the integration for the driver of MongoDB.",
  },
  {
    file: `${folder}/redis-items.json`,
    heading: "Behaviours of Redis",
    prefix: "RED",
    marked: false,
    intro: "The promises of the integrations for node-redis and ioredis.",
  },
  {
    file: `${folder}/sqlite-items.json`,
    heading: "Behaviours of SQLite",
    prefix: "SQL",
    marked: false,
    intro: "The promises of the integrations for better-sqlite3 and node:sqlite.",
  },
  {
    file: `${folder}/job-items.json`,
    heading: "Behaviours of job queues",
    prefix: "JOB",
    marked: false,
    intro: "The promises of the integrations for BullMQ, Temporal, pg-boss and graphile-worker.",
  },
  {
    file: `${folder}/policy-items.json`,
    heading: "Behaviours of retry policies",
    prefix: "RTY",
    marked: false,
    intro: "The promises of the integrations for cockatiel and p-retry.",
  },
  {
    file: `${folder}/telemetry-items.json`,
    heading: "Behaviours of telemetry",
    prefix: "TEL",
    marked: false,
    intro: "The promises of the integrations for OpenTelemetry, pino and RxJS.",
  },
  {
    file: `${folder}/model-items.json`,
    heading: "Behaviours of models",
    prefix: "LLM",
    marked: false,
    intro: "The promises of the integrations for streams of language models and for MCP.",
  },
];

/** Matches every id of the lists, and every number of the contract, in a title. */
export const idPattern = new RegExp(
  `\\b(?:${lists.map(({ prefix }) => prefix).join("|")})-[A-Z0-9]+(?:-\\d+)?|\\brule \\d+`,
  "g",
);

/**
 * Reads the numbers of docs/contract.md.
 *
 * @returns {string[]} "rule 1", "rule 2", …
 */
export function readRules() {
  const text = readFileSync(`${root}docs/contract.md`, "utf8");
  return [...text.matchAll(/^(\d+)\. /gm)].map(([, number]) => `rule ${number}`);
}

/**
 * Reads the lists.
 *
 * @returns {{ lists: List[], problems: string[] }}
 */
export function readLists() {
  /** @type {string[]} */
  const problems = [];
  const read = lists.map((list) => ({
    ...list,
    items: /** @type {Item[]} */ (JSON.parse(readFileSync(`${root}${list.file}`, "utf8"))),
  }));
  for (const { file, prefix, marked, items } of read) {
    const seen = new Set();
    for (const { id, behaviour, mark, absent } of items) {
      const complain = (/** @type {string} */ text) => problems.push(`${file}: ${id} ${text}`);
      if (!id.startsWith(`${prefix}-`)) complain(`does not start with ${prefix}-`);
      if (seen.has(id)) complain("occurs twice");
      seen.add(id);
      if (!behaviour) complain("has no behaviour");
      if (marked && !marks.includes(mark ?? "")) complain(`has no mark; one of ${marks.join(", ")}`);
      if (absent !== undefined && absent.trim() === "") complain("is absent without a reason");
    }
  }
  return { lists: read, problems };
}

/**
 * Lists the benchmark cases that cover an id: tests do not assert costs, because machines differ.
 *
 * @returns {Promise<Array<{ file: string, about: string, covers: string[] }>>}
 */
export async function readBenchmarks() {
  const cases = "bench/cases/";
  const files = readdirSync(`${root}${cases}`).filter((file) => file.endsWith(".mjs"));
  return Promise.all(
    files.sort().map(async (name) => {
      const file = `${cases}${name}`;
      const { default: benchmark } = await import(new URL(`../${file}`, import.meta.url).href);
      return { file, about: benchmark.about, covers: benchmark.covers ?? [] };
    }),
  );
}
