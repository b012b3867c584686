// The process of the clients: keep-alive connections, each with one request at a time. For each message `{ port, ms, connections }` it
// sends the number of answers and the 99th percentile of their times.
import { connect } from "node:net";

const request = Buffer.from("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");

process.on("message", async (/** @type {{ port: number, ms: number, connections: number }} */ message) => {
  process.send?.(await load(message));
});
process.on("disconnect", () => process.exit());

/** @param {{ port: number, ms: number, connections: number }} options */
async function load({ port, ms, connections }) {
  /** @type {number[]} */
  const times = [];
  const end = performance.now() + ms;
  const client = () =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1").setNoDelay();
      let sent = 0;
      const send = () => {
        sent = performance.now();
        socket.write(request);
      };
      socket.on("connect", send).on("error", reject).on("close", resolve);
      // An answer is smaller than a packet. It arrives in one piece.
      socket.on("data", (chunk) => {
        if (chunk.subarray(-5).toString("latin1") !== "hello") return;
        const now = performance.now();
        times.push(now - sent);
        if (now < end) send();
        else socket.destroy();
      });
    });
  await Promise.all(Array.from({ length: connections }, client));
  times.sort((a, b) => a - b);
  return { answers: times.length, p99: times[Math.floor(times.length * 0.99)] };
}
