// @ts-check
// A request of node:http is an operation, which ends when its client leaves, and at its limit.
import { once } from "node:events";
import { createServer, get } from "node:http";
import { currentOperation, Event, sleep } from "@hother/cancelable";
import { requestListener } from "@hother/cancelable-integrations/node-http";

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

const server = createServer(
  requestListener(
    async (request, _response, operation) => {
      if (request.url !== "/slow") return query();
      operation.limit(50);
      return wait();
    },
    { timeout: { seconds: 30 }, route: (request) => (request.url === "/slow" ? "/slow" : "/reports/:id") },
  ),
);

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
