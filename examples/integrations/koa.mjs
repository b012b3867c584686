// @ts-check
// A request of Koa is an operation, which ends when its client leaves, and at its limit.
import { once } from "node:events";
import { get } from "node:http";
import { currentOperation, Event, sleep } from "@hother/cancelable";
import { cancelable, limit } from "@hother/cancelable-integrations/koa";
import { Router } from "@koa/router";
import Koa from "koa";

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

const router = new Router();
router.get("/reports/:id", query);
router.get("/slow", limit(50), wait);
const app = new Koa();
app.use(cancelable({ timeout: { seconds: 30 } }));
app.use(router.routes());

const server = app.listen(0, "127.0.0.1");
await once(server, "listening");
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
