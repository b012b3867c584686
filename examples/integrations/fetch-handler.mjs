// @ts-check
// A handler for every host that takes a Request and gives a Response: each request is an operation.
import { once } from "node:events";
import { createServer, get } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { currentOperation, Event, sleep } from "@hother/cancelable";
import { fetchHandler } from "@hother/cancelable-integrations/fetch-handler";

const [started, stopped] = [new Event(), new Event()];
/** Stands for a query that runs in the operation of the request. */
async function query() {
  started.set();
  try {
    await sleep({ minutes: 5 });
  } finally {
    const op = currentOperation();
    console.log(op?.name, "stops:", op?.error?.reason);
    stopped.set();
  }
}
const wait = () => sleep({ minutes: 5 });

const handle = fetchHandler(
  async (request, operation) => {
    const isSlow = request.url.endsWith("/slow");
    if (isSlow) operation.limit(50);
    return Response.json(await (isSlow ? wait() : query()));
  },
  { timeout: { seconds: 30 }, route: ({ url }) => (url.endsWith("/slow") ? "/slow" : "/reports/:id") },
);

// On other hosts: Bun.serve({ fetch: handle }), Deno.serve(handle), or a route of Next.js.
const listener = getRequestListener(handle);
const server = createServer((request, response) => void listener(request, response));
await once(server.listen(0, "127.0.0.1"), "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
const url = `http://127.0.0.1:${port}`;

// 1. The client leaves. Its operation is cancelled, and the query with it.
const client = get(`${url}/reports/5`);
client.on("error", () => {});
await started.wait();
client.destroy();
await stopped.wait();

// 2. A limit for one route. The answer is a 504.
const answer = await fetch(`${url}/slow`);
console.log("slow:", answer.status);
await answer.body?.cancel();
server.close();

// prints:
// GET /reports/:id stops: disconnect
// slow: 504
