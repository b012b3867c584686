// @ts-check
// A WebSocket connection is an operation, and each message is an operation below it.
import { once } from "node:events";
import { currentOperation, Event, sleep } from "@hother/cancelable";
import { handleSockets } from "@hother/cancelable-integrations/ws";
import { WebSocket, WebSocketServer } from "ws";

const [started, stopped] = [new Event(), new Event()];
const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
const sockets = handleSockets(
  server,
  {
    async message(data, { socket }) {
      if (String(data) === "hello") return socket.send("hello, too");
      started.set();
      try {
        await sleep({ hours: 1 });
      } finally {
        const connection = currentOperation()?.parent;
        console.log("the job stops:", connection?.error?.message?.replace(/^.*?ws/, "ws"));
        stopped.set();
      }
    },
  },
  { path: "/chat" },
);
await once(server, "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

const client = new WebSocket(`ws://127.0.0.1:${port}`);
await once(client, "open");
client.send("hello");
console.log("answer:", String((await once(client, "message"))[0]));

client.send("a long job");
await started.wait();
client.close(4001, "the tab was closed");
await stopped.wait();
await sockets.close();
console.log("connections:", sockets.size);
server.close();

// prints:
// answer: hello, too
// the job stops: ws /chat was closed with code 4001: "the tab was closed"
// connections: 0
