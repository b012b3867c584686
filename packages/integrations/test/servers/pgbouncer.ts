import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { debianProgram } from "./debian.ts";
import { freePort } from "./free-port.ts";
import type { Postgres } from "./postgres.ts";
import { removeFolder, startProgram, temporaryFolder } from "./server-process.ts";
import { unprivilegedUser } from "./unprivileged.ts";

/** A PgBouncer in front of a PostgreSQL server, in transaction mode. */
export interface PgBouncer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly connectionString: string;
  /** What PgBouncer has written to its log so far. */
  log(): string;
  stop(): Promise<void>;
}

export interface PgBouncerOptions {
  /** How many connections to the server PgBouncer may have. Default: 2. */
  readonly poolSize?: number;
}

/**
 * Starts PgBouncer in front of `server`.
 *
 * @returns undefined, with the reason printed, if this machine has none: the tests are then skipped.
 */
export async function startPgBouncer(
  server: Pick<Postgres, "host" | "port" | "user" | "password" | "database">,
  { poolSize = 2 }: PgBouncerOptions = {},
): Promise<PgBouncer | undefined> {
  const program = debianProgram("/usr/sbin/pgbouncer", "pgbouncer");
  if (program === undefined) return undefined;
  const runAs = unprivilegedUser();
  const folder = temporaryFolder("pgbouncer", runAs);
  const { user, password, database } = server;
  const port = await freePort();
  const users = join(folder, "users");
  const settings = join(folder, "pgbouncer.ini");
  writeFileSync(users, `"${user}" "${password}"\n`);
  writeFileSync(
    settings,
    `[databases]
${database} = host=${server.host} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 100
ignore_startup_parameters = extra_float_digits
`,
  );
  const bouncer = startProgram(program, runAs ? ["-u", runAs.name, settings] : [settings], {
    log: join(folder, "log"),
    signal: "SIGTERM", // without a wait for the clients
  });
  const stop = async (): Promise<void> => {
    await bouncer.stop();
    removeFolder(folder);
  };
  try {
    await bouncer.ready(() => isListening(port));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    host: "127.0.0.1",
    port,
    user,
    password,
    database,
    connectionString: `postgres://${user}:${password}@127.0.0.1:${port}/${database}`,
    log: bouncer.log,
    stop,
  };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    }).once("error", () => resolve(false));
  });
}
