// @ts-check
// Requests of ky end with their operation, and so do the waits between its attempts.
import { once } from "node:events";
import { createServer } from "node:http";
import { Cancellable, Event } from "@hother/cancelable";
import { cancellableKy } from "@hother/cancelable-integrations/ky";
import ky from "ky";

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

const http = cancellableKy(ky.create({ prefixUrl: url }));
console.log("quick:", await http("quick").text());

// The request ends with the operation in which it is made. No signal is passed.
const op = new Cancellable({ name: "load users" });
const ending = op.settle(() => http("slow").text());
await arrived.wait();
op.cancel("manual", "the user has gone back");
const outcome = await ending;
console.log(op.label, outcome.status, "-", op.context.cancelMessage);
await left.wait();
console.log("the connection is closed");
server.closeAllConnections();
server.close();

// prints:
// quick: hello
// operation "load users" cancelled - the user has gone back
// the connection is closed
