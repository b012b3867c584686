import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { debianProgram } from "./debian.ts";
import type { Postgres } from "./postgres.ts";
import { removeFolder, startServer, temporaryFolder } from "./server-process.ts";
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
  const users = join(folder, "users");
  const settings = join(folder, "pgbouncer.ini");
  writeFileSync(users, `"${user}" "${password}"\n`);
  const settingsFor = (port: number): string => `[databases]
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
`;
  try {
    const { server: bouncer, port } = await startServer(program, {
      args: (on) => {
        writeFileSync(settings, settingsFor(on));
        return runAs ? ["-u", runAs.name, settings] : [settings];
      },
      folder,
      readyText: "process up",
      signal: "SIGTERM", // without a wait for the clients
    });
    return {
      host: "127.0.0.1",
      port,
      user,
      password,
      database,
      connectionString: `postgres://${user}:${password}@127.0.0.1:${port}/${database}`,
      log: bouncer.log,
      async stop() {
        await bouncer.stop();
        removeFolder(folder);
      },
    };
  } catch (error) {
    removeFolder(folder);
    throw error;
  }
}
