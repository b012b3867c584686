// From `cancel()` to the moment at which the server, another process, sees the connection closed, while the client waits
// for the headers and while it reads the body. All clients are measured in one run, in turns.
//
//   node bench/http/abort-latency.mjs [--samples 300] [--json]
import { fork } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { clients } from "./abort-clients.mjs";

/** @import { Client } from "./abort-clients.mjs" */
/** @typedef {"headers" | "body"} Phase */

const { values } = parseArgs({
  options: { samples: { type: "string", default: "300" }, json: { type: "boolean", default: false } },
});
const samples = Number(values.samples);
const warm = 20;
const phases = /** @type {const} */ (["headers", "body"]);

const server = fork(new URL("abort-server.mjs", import.meta.url));
const [{ port }] = await once(server, "message");

/**
 * What waits for a message of the server, by the number of the sample.
 *
 * @type {Map<string, { arrived: () => void, closed: (at: bigint) => void }>}
 */
const waiting = new Map();
server.on("message", (/** @type {{ id: string, hasArrived?: boolean, closedAt?: string }} */ message) => {
  const sample = waiting.get(message.id);
  if (message.hasArrived) sample?.arrived();
  if (message.closedAt !== undefined) sample?.closed(BigInt(message.closedAt));
});

let count = 0;

/**
 * One cancellation, in ns.
 *
 * @param {Client} client
 * @param {Phase} phase
 */
async function measure(client, phase) {
  const id = String(count++);
  /** @type {() => void} */
  let arrived = () => {};
  const hasArrived = new Promise((resolve) => {
    arrived = () => resolve(undefined);
  });
  const closed = /** @type {Promise<bigint>} */ (
    new Promise((resolve) => {
      waiting.set(id, { arrived, closed: resolve });
    })
  );
  /** @type {() => void} */
  let onPiece = () => {};
  const hasPiece = new Promise((resolve) => {
    onPiece = () => resolve(undefined);
  });
  const running = client(`http://127.0.0.1:${port}/${id}/${phase}`, onPiece);
  await (phase === "headers" ? hasArrived : hasPiece);
  // In a turn of its own, as the cancellations of programs are.
  await new Promise((resolve) => setImmediate(resolve));
  const from = process.hrtime.bigint();
  running.cancel();
  const at = await closed;
  await running.ended;
  waiting.delete(id);
  return Number(at - from);
}

/** @type {Record<string, Record<Phase, number[]>>} */
const results = Object.fromEntries(Object.keys(clients).map((name) => [name, { headers: [], body: [] }]));
const entries = Object.entries(clients);
for (let i = 0; i < samples + warm; i++) {
  for (let j = 0; j < entries.length; j++) {
    const [name, client] = /** @type {[string, Client]} */ (entries[(i + j) % entries.length]);
    for (const phase of phases) {
      const ns = await measure(client, phase);
      if (i >= warm) results[name]?.[phase].push(ns);
    }
  }
}
server.disconnect();

/**
 * @param {readonly number[]} sorted
 * @param {number} part from 0 to 1
 */
const quantile = (sorted, part) =>
  sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? Number.NaN;

const rows = Object.entries(results).map(([name, ofPhase]) => {
  const [headers, body] = phases.map((phase) => {
    const sorted = ofPhase[phase].sort((a, b) => a - b);
    return { p50: quantile(sorted, 0.5) / 1e6, p99: quantile(sorted, 0.99) / 1e6 };
  });
  return { name, headers, body };
});
if (values.json) console.log(JSON.stringify({ node: process.version, samples, rows }));
else {
  console.log(
    `From cancel() to the server's closed connection, in ms. Node ${process.version}, ${samples} samples.\n`,
  );
  console.log("| client | headers p50 | p99 | body p50 | p99 |\n|---|---|---|---|---|");
  for (const { name, headers, body } of rows) {
    const cells = [headers?.p50, headers?.p99, body?.p50, body?.p99].map((ms) => ms?.toFixed(2));
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
}
