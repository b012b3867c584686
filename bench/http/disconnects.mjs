// Sends 500 requests at once to Fastify, over HTTP/1.1 and HTTP/2 in turn, for minutes. A random half of the clients leaves at random
// moments. Exactly these requests must be cancelled, and the heap must be back at the end.
//
//   node --expose-gc bench/http/disconnects.mjs [--minutes 5] [--seed 1]
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { trendOf } from "../soak/flat.mjs";

/** The most apparent growth of the heap over the run, in bytes. */
const limit = 1_024 * 1_024;
/** The requests at once. */
const requests = 500;

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "5" }, seed: { type: "string", default: "1" } },
});
const minutes = Number(values.minutes);
const first = Number(values.seed);
if (!(minutes >= 0.5)) throw new RangeError(`--minutes must be a number from 0.5, got ${values.minutes}`);
if (!Number.isSafeInteger(first)) throw new RangeError(`--seed must be a whole number, got ${values.seed}`);
const gc = globalThis.gc;
if (gc === undefined) throw new Error("run this with node --expose-gc");

const root = fileURLToPath(new URL("../..", import.meta.url));
const kit = join(root, "packages/integrations/test");
/** Below the packages, so that Node finds them. */
const folder = mkdtempSync(join(root, "node_modules/.disconnects-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
const outfile = join(folder, "kit.mjs");
await build({
  stdin: {
    contents: `export { Volume } from "./server-kit/volume.ts"; export * from "./fastify/fastify-hosts.ts";`,
    resolveDir: kit,
  },
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  // The paths of the TypeScript configuration would bundle a second copy of the library.
  tsconfigRaw: "{}",
});
const { Volume, fastifyHttp1, fastifyHttp2 } = await import(pathToFileURL(outfile).href);

/** @type {string[]} */
const problems = [];
process.on("unhandledRejection", (error) => problems.push(`unhandled rejection: ${String(error)}`));

const hosts = [await Volume.start(fastifyHttp1), await Volume.start(fastifyHttp2)];
const started = performance.now();
/** @type {number[]} */
const times = [];
/** @type {number[]} */
const heap = [];
/** @type {Record<string, number>} */
const total = {};
let seed = first;
let printed = 0;
while (performance.now() - started < minutes * 60_000) {
  for (const host of hosts) {
    const round = await host.round(requests, seed++);
    for (const [moment, count] of Object.entries(round.counts)) total[moment] = (total[moment] ?? 0) + count;
    problems.push(...round.problems.map((/** @type {string} */ problem) => `seed ${seed - 1}: ${problem}`));
  }
  gc();
  const seconds = (performance.now() - started) / 1_000;
  times.push(seconds);
  heap.push(process.memoryUsage().heapUsed);
  if (seconds - printed < 15) continue;
  printed = seconds;
  console.log(line(seconds));
}
for (const host of hosts) await host.close();

const { growth } = trendOf(times, heap);
if (growth > limit) problems.push(`the heap rises by ${Math.round(growth / 1_000)} kB over the run`);
console.log(line(times.at(-1) ?? 0));
console.log(
  `growth of the heap over the run: ${Math.round(growth / 1_000)} kB; problems: ${problems.length}`,
);
for (const problem of problems.slice(0, 20)) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

/** @param {number} seconds */
function line(seconds) {
  const sum = Object.values(total).reduce((a, b) => a + b, 0);
  const { never = 0, body = 0, head = 0, answer = 0 } = total;
  const megabytes = ((heap.at(-1) ?? 0) / 1e6).toFixed(1);
  return `${seconds.toFixed(0)} s: ${sum} requests, ${never} answered, left: ${body} in the body, ${head} before the head, ${answer} in the answer; heap ${megabytes} MB`;
}
