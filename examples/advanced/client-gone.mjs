// @ts-check
// An HTTP server whose handlers stop when their client disconnects.
import { createServer, get } from "node:http";
import { Cancellable, CancellationToken, Event, sleep } from "@hother/cancelable";

const stopped = new Event();

/** @param {import("node:http").ServerResponse} response */
async function report(response) {
  response.writeHead(200).flushHeaders();
  let rows = 0;
  try {
    for (; rows < 10_000; rows++) {
      await sleep(5); // a row from a slow database
      response.write(`row ${rows}\n`);
    }
  } finally {
    console.log("stopped early:", rows < 10_000);
  }
}

/** @param {import("node:http").ServerResponse} response */
async function answer(response) {
  const client = new CancellationToken();
  // "close" is always emitted. Only before the end of the response does it mean that the client has disconnected.
  const onClose = () => {
    if (!response.writableFinished) client.cancel("disconnect", "the client has gone");
  };
  response.once("close", onClose);
  try {
    const operation = Cancellable.withToken(client, { name: "report" });
    const outcome = await operation.settle(() => report(response));
    console.log(operation.label, outcome.status, operation.context.cancelReason);
  } finally {
    response.off("close", onClose);
    response.end();
    stopped.set();
  }
}

const server = createServer((_request, response) => void answer(response));
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

// A client that reads one chunk and disconnects.
get({ port, host: "127.0.0.1" }, (response) => {
  response.once("data", (chunk) => {
    console.log("client got:", String(chunk).split("\n")[0]);
    response.destroy();
  });
});

await stopped.wait();
server.close();
console.log("the server is free again");

// prints:
// client got: row 0
// stopped early: true
// operation "report" cancelled disconnect
// the server is free again
