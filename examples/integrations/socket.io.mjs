// @ts-check
// A connection of socket.io is an operation, and each event is an operation below it.
import { once } from "node:events";
import { createServer } from "node:http";
import { currentOperation, Event, sleep } from "@hother/cancelable";
import { handleSockets } from "@hother/cancelable-integrations/socket.io";
import { Server } from "socket.io";
import { io as connect } from "socket.io-client";

const [started, stopped] = [new Event(), new Event()];
const http = createServer().listen(0, "127.0.0.1");
await once(http, "listening");
const io = new Server(http);
const sockets = handleSockets(io, (_socket, { on, operation }) => {
  on("greet", (/** @type {string} */ name, /** @type {(text: string) => void} */ answer) =>
    answer(`hello, ${name}`),
  );
  on("report", async (/** @type {number} */ year) => {
    started.set();
    try {
      await sleep({ hours: 1 });
    } finally {
      console.log(`the report of ${year} stops:`, currentOperation()?.error?.reason);
      console.log(operation.error?.message);
      stopped.set();
    }
  });
});

const { port } = /** @type {import("node:net").AddressInfo} */ (http.address());
const client = connect(`http://127.0.0.1:${port}`, { transports: ["websocket"] });
console.log("answer:", await client.emitWithAck("greet", "Ann"));

client.emit("report", 2026);
await started.wait();
client.disconnect();
await stopped.wait();
await io.close();
console.log("connections:", sockets.size);

// prints:
// answer: hello, Ann
// the report of 2026 stops: parent
// socket.io / was disconnected: client namespace disconnect
// connections: 0
