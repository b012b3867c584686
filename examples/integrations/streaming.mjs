// @ts-check
// Server-sent events from an async generator, which is closed when its reader leaves.
import { once } from "node:events";
import { createServer } from "node:http";
import { Event, lines, sleep } from "@hother/cancelable";
import { requestListener } from "@hother/cancelable-integrations/node-http";
import { sendSse } from "@hother/cancelable-integrations/streaming";

const closed = new Event();
async function* prices() {
  try {
    for (let id = 1; ; id++) {
      yield { event: "price", id: String(id), data: JSON.stringify({ eur: id }) };
      await sleep(5);
    }
  } finally {
    closed.set();
  }
}

const server = createServer(requestListener((_request, response) => sendSse(response, prices())));
await once(server.listen(0, "127.0.0.1"), "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

const client = new AbortController();
const answer = await fetch(`http://127.0.0.1:${port}/prices`, { signal: client.signal });
console.log(answer.headers.get("content-type"));
for await (const line of lines(/** @type {ReadableStream<Uint8Array>} */ (answer.body))) {
  if (line.startsWith("data:")) console.log(line);
  if (line.includes('"eur":3')) break; // cancels the body
}
client.abort();
await closed.wait();
console.log("the generator is closed");
server.close();

// prints:
// text/event-stream
// data: {"eur":1}
// data: {"eur":2}
// data: {"eur":3}
// the generator is closed
