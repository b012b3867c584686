/**
 * Measures how an answer of a model is stopped, with the integrations of this repository and by hand with the signal of the client:
 *
 *   node bench/data/models.mjs [--runs 300]
 *
 * For each run a server sends the begin of an answer and keeps it open. Measured from the cancellation: the end of the loop of the
 * reader, and the close of the socket as the server sees it. For MCP: the rejection, and the end of the handler in the server.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import Anthropic from "@anthropic-ai/sdk";
import { Cancellable, sleepForever } from "@hother/cancelable";
import { cancellableAI } from "@hother/cancelable-integrations/ai";
import { cancellableAnthropic } from "@hother/cancelable-integrations/anthropic";
import { cancellableMcp } from "@hother/cancelable-integrations/mcp";
import { cancellableOpenAI } from "@hother/cancelable-integrations/openai";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import * as ai from "ai";
import OpenAI from "openai";

const { values } = parseArgs({ options: { runs: { type: "string", default: "300" } } });
const runs = Number(values.runs);

/** @param {number[]} times @param {number} share */
const quantile = (times, share) =>
  /** @type {number} */ (times.toSorted((a, b) => a - b)[Math.floor(share * (times.length - 1))]).toFixed(2);

/** @param {string} name @param {Record<string, number[]>} columns */
function row(name, columns) {
  const cells = Object.entries(columns).map(
    ([what, times]) => `${what}: p50 ${quantile(times, 0.5)} ms, p99 ${quantile(times, 0.99)} ms`,
  );
  console.log(`${name.padEnd(26)} ${cells.join("; ")}`);
}

const parts = {
  openai: 'data: {"choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\n',
  anthropic: [
    { type: "message_start", message: { content: [], usage: { input_tokens: 1, output_tokens: 1 } } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello" } },
  ]
    .map((part) => `event: ${part.type}\ndata: ${JSON.stringify(part)}\n\n`)
    .join(""),
  ai: [
    { type: "text-start", id: "0" },
    { type: "text-delta", id: "0", delta: "Hello" },
  ]
    .map((part) => `data: ${JSON.stringify(part)}\n\n`)
    .join(""),
};

/** @type {(time: number) => void} */
let closed = () => {};
let body = "";
const server = createServer((request, response) => {
  request.resume();
  response.on("close", () => closed(performance.now()));
  response.setHeader("content-type", "text/event-stream");
  response.write(body);
}).listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;

/**
 * @param {string} name
 * @param {string} text
 * @param {(signal: AbortSignal | undefined) => Promise<AsyncIterable<unknown>> | AsyncIterable<unknown>} stream
 * @param {boolean} byHand
 */
async function measure(name, text, stream, byHand) {
  body = text;
  /** @type {number[]} */ const loops = [];
  /** @type {number[]} */ const sockets = [];
  for (let run = 0; run < runs; run++) {
    const closing = new Promise((resolve) => {
      closed = resolve;
    });
    const op = new Cancellable();
    const controller = new AbortController();
    let begun = 0;
    const stop = () => {
      begun = performance.now();
      if (byHand) controller.abort();
      else op.cancel("disconnect");
    };
    const read = async () => {
      // The stop comes while the reader waits for the next part.
      for await (const _ of await stream(byHand ? controller.signal : undefined))
        if (begun === 0) setTimeout(stop, 2);
    };
    if (byHand) await read().catch(() => {});
    else await op.settle(read);
    loops.push(performance.now() - begun);
    sockets.push((await closing) - begun);
  }
  row(name, { "loop ended": loops, "socket closed": sockets });
}

const messages = [{ role: /** @type {const} */ ("user"), content: "hello" }];
const chat = { model: "m", messages, stream: /** @type {const} */ (true) };
const plainOpenAI = new OpenAI({ apiKey: "k", baseURL: url });
const openai = cancellableOpenAI(new OpenAI({ apiKey: "k", baseURL: url }));
await measure(
  "openai, by hand",
  parts.openai,
  (signal) => plainOpenAI.chat.completions.create(chat, { signal }),
  true,
);
await measure("openai", parts.openai, () => openai.chat.completions.create(chat), false);

const plainAnthropic = new Anthropic({ apiKey: "k", baseURL: url });
const anthropic = cancellableAnthropic(new Anthropic({ apiKey: "k", baseURL: url }));
const ask = { ...chat, max_tokens: 9 };
await measure(
  "anthropic, by hand",
  parts.anthropic,
  (signal) => plainAnthropic.messages.create(ask, { signal }),
  true,
);
await measure("anthropic", parts.anthropic, () => anthropic.messages.create(ask), false);

const model = ai.createGateway({ apiKey: "k", baseURL: url })("provider/model");
const followed = cancellableAI(ai);
await measure(
  "ai, by hand",
  parts.ai,
  (abortSignal) => ai.streamText({ model, prompt: "x", abortSignal }).textStream,
  true,
);
await measure("ai", parts.ai, () => followed.streamText({ model, prompt: "x" }).textStream, false);
server.closeAllConnections();
server.close();

let ended = 0;
let begin = () => {};
const mcp = cancellableMcp(new McpServer({ name: "server", version: "1" }));
mcp.registerTool("wait", { description: "waits" }, async () => {
  begin();
  try {
    return await sleepForever();
  } finally {
    ended = performance.now();
  }
});
const client = cancellableMcp(new Client({ name: "client", version: "1" }));
const [near, far] = InMemoryTransport.createLinkedPair();
await Promise.all([mcp.connect(far), client.connect(near)]);
/** @type {number[]} */ const rejected = [];
/** @type {number[]} */ const handlers = [];
for (let run = 0; run < runs; run++) {
  const op = new Cancellable();
  /** @type {Promise<void>} */
  const running = new Promise((resolve) => {
    begin = resolve;
  });
  const ending = op.settle(() => client.callTool({ name: "wait" }));
  await running;
  const begun = performance.now();
  op.cancel();
  await ending;
  rejected.push(performance.now() - begun);
  await new Promise((resolve) => setImmediate(resolve));
  handlers.push(ended - begun);
}
row("mcp, in memory", { "call rejected": rejected, "handler ended": handlers });
await client.close();
