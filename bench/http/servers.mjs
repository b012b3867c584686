// Requests per second and CPU time per request of a server: bare, with an AsyncLocalStorage that does nothing, and with this library.
// The variants run interleaved, in changing order. A ratio is the median of the ratios of the rounds.
//
//   node bench/http/servers.mjs [--framework node:http] [--rounds 8] [--ms 1000] [--connections 32]
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { frameworks } from "./variants.mjs";

const { values } = parseArgs({
  options: {
    framework: { type: "string", default: "node:http" },
    rounds: { type: "string", default: "8" },
    ms: { type: "string", default: "1000" },
    connections: { type: "string", default: "32" },
  },
});
const { framework } = values;
if (!(framework in frameworks))
  throw new RangeError(`--framework must be one of ${Object.keys(frameworks).join(", ")}, got ${framework}`);
/** @param {"rounds" | "ms" | "connections"} name */
const count = (name) => {
  const number = Number(values[name]);
  if (!(Number.isInteger(number) && number > 0))
    throw new RangeError(`--${name} must be a whole number of at least 1, got ${values[name]}`);
  return number;
};
const rounds = count("rounds");
const ms = count("ms");
const connections = count("connections");

/** @param {string} file @param {string[]} args */
const start = (file, ...args) => fork(fileURLToPath(new URL(file, import.meta.url)), args);
/** @param {import("node:child_process").ChildProcess} child */
const answerOf = async (child) => (await once(child, "message"))[0];

const load = start("load.mjs");
const names = Object.keys(/** @type {object} */ (frameworks[framework]));
const servers = await Promise.all(
  names.map(async (name) => {
    const child = start("server.mjs", framework, name);
    return { name, child, port: await answerOf(child), perSecond: [0], cpu: [0], p99: [0] };
  }),
);

/** @param {import("node:child_process").ChildProcess} child */
const cpuOf = (child) => {
  child.send("cpu");
  return answerOf(child);
};

for (let round = -1; round < rounds; round++) {
  const order = round % 2 === 0 ? servers : [...servers].reverse();
  for (const { child, port, perSecond, cpu, p99 } of order) {
    const before = await cpuOf(child);
    const began = performance.now();
    load.send({ port, ms, connections });
    const { answers, p99: slow } = await answerOf(load);
    const seconds = (performance.now() - began) / 1_000;
    // Round -1 warms up.
    const at = Math.max(round, 0);
    perSecond[at] = answers / seconds;
    cpu[at] = ((await cpuOf(child)) - before) / answers;
    p99[at] = slow;
  }
}
load.disconnect();
for (const { child } of servers) child.disconnect();

/** @param {number[]} numbers */
const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const [low = 0, high = 0] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return (low + high) / 2;
};
/** @param {number[]} own @param {number[]} base */
const ratio = (own, base) => median(own.map((value, i) => value / (base[i] ?? value))).toFixed(3);

console.log(
  `${framework} on Node ${process.versions.node}, ${rounds} rounds of ${ms} ms, ${connections} connections`,
);
for (const { name, perSecond, cpu, p99 } of servers) {
  const figures = [
    `${Math.round(median(perSecond))} requests/s`,
    `p99 ${median(p99).toFixed(1)} ms`,
    `${median(cpu).toFixed(1)} µs of CPU per request`,
  ];
  const ratios = servers
    .filter((other) => other.name !== name)
    .map(
      (other) =>
        `to ${other.name}: requests/s ${ratio(perSecond, other.perSecond)}, CPU ${ratio(cpu, other.cpu)}`,
    );
  console.log(`  ${name}: ${figures.join(", ")}\n    ${ratios.join("\n    ")}`);
}
