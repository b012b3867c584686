// @ts-check
// Every request of undici, and of the built-in fetch, ends with its operation, also in code that does not know this library.
import { once } from "node:events";
import { createServer } from "node:http";
import { Cancellable, Event } from "@hother/cancelable";
import { cancellationInterceptor } from "@hother/cancelable-integrations/undici";
import { Agent, request } from "undici";

// A server that answers /quick, and keeps all other requests waiting.
const [arrived, left] = [new Event(), new Event()];
const server = createServer((request, response) => {
  if (request.url === "/quick") return void response.end("hello");
  response.once("close", () => left.set());
  arrived.set();
}).listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
const url = `http://127.0.0.1:${port}`;

const agent = new Agent();
const dispatcher = agent.compose(cancellationInterceptor());
/** @param {string} path */
const get = async (path) => (await request(`${url}${path}`, { dispatcher })).body.text();
console.log("quick:", await get("/quick"));

// The request ends with the operation in which it is made. No signal is passed.
const op = new Cancellable({ name: "load users" });
const ending = op.settle(() => get("/slow"));
await arrived.wait();
op.cancel("manual", "the user has gone back");
const outcome = await ending;
console.log(op.label, outcome.status, "-", op.context.cancelMessage);
await left.wait();
console.log("the connection is closed");
await agent.close();
server.closeAllConnections();
server.close();

// prints:
// quick: hello
// operation "load users" cancelled - the user has gone back
// the connection is closed
