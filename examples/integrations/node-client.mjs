// @ts-check
// Every request of node:http ends with its operation, also in code that does not know this library.
import { once } from "node:events";
import { Agent, createServer, get } from "node:http";
import { Cancellable, Event } from "@hother/cancelable";
import { patchHttpAgents } from "@hother/cancelable-integrations/node-client";

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
const patch = patchHttpAgents(); // once, where the program starts

/** Stands for code of a library. It takes no signal. @param {string} path */
async function load(path) {
  const [response] = await once(get(`${url}${path}`, { agent }), "response");
  return String((await response.toArray())[0]);
}

console.log("quick:", await load("/quick"));

// The request ends with the operation in which it is made. No signal is passed.
const op = new Cancellable({ name: "load users" });
const ending = op.settle(() => load("/slow"));
await arrived.wait();
op.cancel("manual", "the user has gone back");
const outcome = await ending;
console.log(op.label, outcome.status, "-", op.context.cancelMessage);
await left.wait();
console.log("the connection is closed");
agent.destroy();
patch[Symbol.dispose]();
server.closeAllConnections();
server.close();

// prints:
// quick: hello
// operation "load users" cancelled - the user has gone back
// the connection is closed
