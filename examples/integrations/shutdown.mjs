// @ts-check
// A server ends in a bounded time: it takes no new requests, lets the running ones finish, and then cancels the rest.
import { once } from "node:events";
import { createServer } from "node:http";
import { currentOperation, Deferred, Event, sleep } from "@hother/cancelable";
import { requestListener } from "@hother/cancelable-integrations/node-http";
import { gracefulShutdown } from "@hother/cancelable-integrations/shutdown";

const release = new Event();
/** @type {Deferred<void>} */
const both = new Deferred();
let requests = 0;
const server = createServer(
  requestListener(async (request, response) => {
    if (++requests === 2) both.resolve();
    try {
      if (request.url === "/short") await release.wait();
      else await sleep({ hours: 1 });
      response.end("done");
    } finally {
      console.log(request.url, currentOperation()?.error?.reason ?? "finished");
    }
  }),
);
await once(server.listen(0, "127.0.0.1"), "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
const url = `http://127.0.0.1:${port}`;

const answers = ["/short", "/long"].map((path) =>
  fetch(url + path).then(
    async (response) => `${path} ${response.status} ${(await response.text()) === "done" ? "done" : ""}`,
    () => `${path} no answer`,
  ),
);
await both.wait();
const ending = gracefulShutdown(server, { drain: 1_000 });
release.set();
const report = await ending;
for (const answer of answers) console.log((await answer).trim());
console.log("finished:", report.finished, "- cancelled:", report.cancelled);
await fetch(url).catch(() => console.log("a new request is refused"));

// prints:
// /short finished
// /long shutdown
// /short 200 done
// /long 503
// finished: 1 - cancelled: 1
// a new request is refused
