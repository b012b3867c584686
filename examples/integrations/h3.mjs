// @ts-check
// A request of h3 is an operation, which ends when its client leaves, and at its limit.
import { get } from "node:http";
import { currentOperation, Event, sleep } from "@hother/cancelable";
import { cancelable, limit } from "@hother/cancelable-integrations/h3";
import { H3, serve } from "h3";

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

const app = new H3();
app.use(cancelable({ timeout: { seconds: 30 } }));
app.get("/reports/:id", query);
app.get("/slow", wait, { middleware: [limit(50)] });

const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true });
await server.ready();
const url = server.url?.replace(/\/$/, "");

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
await server.close();

// prints:
// GET /reports/:id stops: disconnect
// slow: 504
