/** A Redis server for the measurements, the program `redis-server` of Debian. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { freePort } from "../../demo/service/free-port.mjs";

/**
 * Starts a server that keeps nothing on a disk, and stops it after `body`.
 *
 * @template T
 * @param {(port: number) => Promise<T>} body
 * @returns {Promise<T>}
 */
export async function withRedis(body) {
  const port = await freePort();
  const args = ["--bind", "127.0.0.1", "--port", `${port}`, "--save", "", "--appendonly", "no"];
  const server = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await new Promise((resolve, reject) => {
      server.once("error", reject);
      server.once("exit", () => reject(new Error("redis-server has ended")));
      server.stdout.on("data", (/** @type {Buffer} */ text) => {
        if (text.includes("Ready to accept connections")) resolve(undefined);
      });
    });
    return await body(port);
  } finally {
    server.removeAllListeners("exit");
    if (server.exitCode === null && server.kill("SIGKILL")) await once(server, "exit");
  }
}
