// A server in a process of its own. It tells when a request has arrived, and at which moment its connection has closed, on
// the monotonic clock of the machine, which all processes share. The path is the number of the sample and the phase:
// `/12/headers` is never answered, and `/12/body` gets one piece of a body that never ends.
import { createServer } from "node:http";

const send = (/** @type {object} */ message) => process.send?.(message);

const server = createServer((request, response) => {
  const [, id, phase] = (request.url ?? "").split("/");
  request.socket.on("error", () => {});
  request.socket.once("close", () => send({ id, closedAt: String(process.hrtime.bigint()) }));
  request.resume();
  send({ id, hasArrived: true });
  if (phase === "body") response.write("a piece");
});
server.listen(0, "127.0.0.1", () => {
  send({ port: /** @type {import("node:net").AddressInfo} */ (server.address()).port });
});
process.once("disconnect", () => process.exit());
