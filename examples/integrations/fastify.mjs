// @ts-check
// A request of Fastify is an operation, which ends when its client leaves, and at its limit.
import { get } from "node:http";
import { currentOperation, Event, sleep } from "@hother/cancelable";
import { cancelable } from "@hother/cancelable-integrations/fastify";
import { fastify } from "fastify";

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

const app = fastify();
await app.register(cancelable, { timeout: { seconds: 30 } });
app.get("/reports/:id", query);
app.get("/slow", (request) => {
  request.operation.limit(50);
  return wait();
});

const url = await app.listen({ port: 0, host: "127.0.0.1" });

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
await app.close();

// prints:
// GET /reports/:id stops: disconnect
// slow: 504
