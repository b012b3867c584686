/** A server and `fetch` on the loopback interface. Responses are cancelled midway, on both sides. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { Cancellable, sleep, taskGroup } from "@hother/cancelable";
import { turn } from "../collect.mjs";

/** @import { Scenario, World } from "../types.mjs" */

const requests = 100;
const chunk = "a line of text that is about as long as a line of text\n".repeat(20);
/** The number of responses by the status of their operation. */
const answered = { completed: 0, cancelled: 0, failed: 0 };

/** Each response is an operation, which is cancelled when the client disconnects. */
const server = createServer(async (request, response) => {
  const op = new Cancellable({ name: request.url ?? "", parent: null });
  response.on("close", () => op.cancel("disconnect"));
  // No connection may outlive its round.
  response.setHeader("connection", "close");
  const { status } = await op.settle(async () => {
    const chunks = request.url === "/short" ? 3 : Number.POSITIVE_INFINITY;
    for (let i = 0; i < chunks; i += 1) {
      response.write(chunk);
      await sleep(1);
    }
    response.end();
  });
  answered[status] += 1;
});
let origin = "";

/**
 * Reads a response and cancels its own operation after `chunks` chunks.
 *
 * @param {string} path
 * @param {number} chunks
 */
async function download(path, chunks) {
  let bytes = 0;
  const outcome = await Cancellable.withTimeout(60_000).settle(async (op) => {
    const response = await fetch(origin + path, { signal: op.signal });
    let seen = 0;
    for await (const part of /** @type {AsyncIterable<Uint8Array>} */ (/** @type {any} */ (response.body))) {
      bytes += part.length;
      seen += 1;
      if (seen === chunks) op.cancel("manual", "seen enough");
    }
  });
  if (outcome.status === "failed") throw outcome.error;
  return { status: outcome.status, bytes };
}

/** @type {Scenario} */
export default {
  name: "http",
  async open() {
    await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
    origin = `http://127.0.0.1:${/** @type {any} */ (server.address()).port}`;
  },
  async round({ random }) {
    Object.assign(answered, { completed: 0, cancelled: 0, failed: 0 });
    let short = 0;
    await taskGroup((group) => {
      for (let i = 0; i < requests; i += 1) {
        const isShort = random.chance(0.4);
        const chunks = random.integer(1, 5);
        short += isShort ? 1 : 0;
        group.startSoon(async () => {
          const { status, bytes } = await download(isShort ? "/short" : "/endless", isShort ? 1_000 : chunks);
          assert.equal(status, isShort ? "completed" : "cancelled");
          if (isShort) assert.equal(bytes, chunk.length * 3);
        });
      }
    });
    for (let i = 0; i < 500 && answered.completed + answered.cancelled < requests; i += 1) await sleep(2);
    // For each cancelled request `fetch` opens a spare connection and closes it seconds later. Both ends must observe the
    // close before the next request, which would use the spare connection.
    for (let i = 0; i < 5; i += 1) {
      server.closeAllConnections();
      await turn();
    }
    assert.deepEqual(answered, { completed: short, cancelled: requests - short, failed: 0 });
    return requests;
  },
  async close() {
    await new Promise((resolve) => server.close(resolve));
  },
};
