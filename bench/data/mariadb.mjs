/** A MariaDB server for the measurements, from the package `mariadb-server` of Debian. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import mysql from "mysql2/promise";

/**
 * Starts a server, and stops it after `body`.
 *
 * @template T
 * @param {(options: { socketPath: string, user: string }) => Promise<T>} body
 * @returns {Promise<T>}
 */
export async function withMariaDb(body) {
  const folder = mkdtempSync(join(tmpdir(), "cancelable-bench-"));
  const socketPath = join(folder, "socket");
  const options = { socketPath, user: "root" };
  const common = [
    "--no-defaults",
    `--datadir=${join(folder, "data")}`,
    "--innodb-log-file-size=4M",
    ...(process.getuid?.() === 0 ? ["--user=root"] : []),
  ];
  execFileSync("/usr/bin/mariadb-install-db", [...common, "--auth-root-authentication-method=normal"], {
    stdio: "ignore",
  });
  const server = spawn("/usr/sbin/mariadbd", [...common, `--socket=${socketPath}`, "--skip-networking"], {
    stdio: "ignore",
  });
  const ended = once(server, "exit");
  try {
    for (let tries = 0; ; tries++) {
      try {
        await (await mysql.createConnection(options)).end();
        break;
      } catch (error) {
        if (tries === 500) throw error;
        await delay(20);
      }
    }
    return await body(options);
  } finally {
    server.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}
