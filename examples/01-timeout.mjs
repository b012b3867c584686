// @ts-check
// A limit on the time of an operation, with three ways to handle a timeout.
import { createServer } from "node:http";
import { Cancellable, currentSignal, failAfter, isCancellation, moveOnAfter } from "@hother/cancelable";

// A server that answers /quick at once and never answers other requests.
const server = createServer((request, response) => {
  if (request.url === "/quick") response.end("hello");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

// The signal stops the request itself, not only the wait for the response.
/** @param {string} path */
async function get(path) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: currentSignal() });
  return response.text();
}

// 1. moveOnAfter resolves with the value, or with undefined after the timeout.
console.log("quick:", await moveOnAfter({ seconds: 1 }, () => get("/quick")));
console.log("slow:", (await moveOnAfter(50, () => get("/slow"))) ?? "no answer in 50 ms");

// 2. failAfter resolves with the value, or rejects after the timeout.
try {
  await failAfter(50, () => get("/slow"));
} catch (error) {
  if (!isCancellation(error)) throw error;
  console.log("failAfter:", /** @type {Error} */ (error).name);
}

// 3. An operation has a name, and settle() resolves with its outcome.
const operation = Cancellable.withTimeout(50, { name: "download" });
const outcome = await operation.settle(() => get("/slow"));
console.log(operation.label, outcome.status, operation.context.cancelReason);

server.closeAllConnections();
server.close();

// prints:
// quick: hello
// slow: no answer in 50 ms
// failAfter: TimeoutError
// operation "download" cancelled timeout
