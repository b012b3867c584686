// @ts-check
// Calls of a server that fails, and of one that hangs.
import { createServer } from "node:http";
import { currentSignal, Event, retry } from "@hother/cancelable";
import { hedge } from "@hother/cancelable/calls";

let [busy, slow] = [0, 0];
const hungUp = new Event();
const server = createServer((request, response) => {
  if (request.url === "/busy") response.writeHead(++busy <= 2 ? 503 : 200).end("stock: 7");
  else if (request.url === "/slow" && ++slow === 1) response.once("close", () => hungUp.set());
  else if (request.url === "/slow") response.end("price: 12");
  else response.writeHead(404).end();
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

class HttpError extends Error {
  /** @param {number} status */
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}

/** @param {string} path */
async function get(path) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: currentSignal() });
  if (!response.ok) throw new HttpError(response.status);
  return response.text();
}

// 1. Each attempt has a limit, and all attempts together have one. Only failures that can pass are tried again.
/** @param {string} path */
const getAgain = (path) =>
  retry(() => get(path), {
    attempts: 5,
    attemptTimeout: { seconds: 10 },
    timeout: { seconds: 30 },
    backoff: { initial: 10 },
    when: (error) => error instanceof HttpError && error.status >= 500,
    onRetry: (error, { attempt }) =>
      console.log(`attempt ${attempt}: ${/** @type {Error} */ (error).message}`),
  });
console.log(await getAgain("/busy"));
console.log(await getAgain("/nothing").catch((error) => `given up: ${error.message}`));

// 2. The first request hangs, so a second one starts after 30 ms. Its answer cancels the first one.
console.log(await hedge(() => get("/slow"), { after: 30 }));
await hungUp.wait();
console.log("requests:", slow, "- the first one was closed");

server.closeAllConnections();
server.close();

// prints:
// attempt 1: status 503
// attempt 2: status 503
// stock: 7
// given up: status 404
// price: 12
// requests: 2 - the first one was closed
