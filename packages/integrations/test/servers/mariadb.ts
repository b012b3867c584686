import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { debianProgram } from "./debian.ts";
import { removeFolder, type ServerProcess, startServer, temporaryFolder } from "./server-process.ts";

/** A MariaDB server of its own for one test file. */
export interface MariaDb {
  readonly host: string;
  readonly port: number;
  /** A user with all rights and without a password. */
  readonly user: string;
  readonly database: string;
  /**
   * The commands that the server has got so far, in their order, of all connections, such as
   * `{ thread: 4, command: "Query", text: "select 1" }`. The server writes a command down before it runs it. Needs
   * `logStatements`.
   */
  commands(): readonly { readonly thread: number; readonly command: string; readonly text: string }[];
  /** Stops the server at once, and removes its files. */
  stop(): Promise<void>;
}

export interface MariaDbOptions {
  /** Whether the server writes down its commands, for {@link MariaDb.commands}. Default: false. */
  readonly logStatements?: boolean;
  /** Further settings of the server, such as `{ innodb_lock_wait_timeout: 1 }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

const host = "127.0.0.1";
const user = "root";
const database = "test";

/**
 * Starts MariaDB from the package `mariadb-server` of Debian. Takes about 1 s.
 *
 * @returns undefined, with the reason printed, if this machine has no MariaDB: the tests are then skipped.
 */
export async function startMariaDb(options: MariaDbOptions = {}): Promise<MariaDb | undefined> {
  const program = debianProgram("/usr/sbin/mariadbd", "mariadb-server");
  const install = debianProgram("/usr/bin/mariadb-install-db", "mariadb-server");
  if (program === undefined || install === undefined) return undefined;
  const folder = temporaryFolder("mariadb");
  try {
    await promisify(execFile)(install, [
      "--no-defaults",
      `--datadir=${join(folder, "datadir")}`,
      "--auth-root-authentication-method=normal",
      "--skip-test-db",
      "--innodb-log-file-size=4M",
      "--innodb-buffer-pool-size=8M",
      ...runAs(),
    ]);
    const { server, port } = await startIn(folder, program, options);
    const commands = join(folder, "commands");
    return {
      host,
      port,
      user,
      database,
      commands: () => (existsSync(commands) ? commandsOf(readFileSync(commands, "utf8")) : []),
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

/** The server refuses to run as root, unless it is told to. */
function runAs(): string[] {
  return process.getuid?.() === 0 ? ["--user=root"] : [];
}

/** Starts the server in `folder`, which the installation has filled. */
function startIn(
  folder: string,
  program: string,
  options: MariaDbOptions,
): Promise<{ readonly server: ServerProcess; readonly port: number }> {
  const init = join(folder, "init.sql");
  const settings = {
    bind_address: host,
    innodb_log_file_size: "4M",
    innodb_buffer_pool_size: "8M",
    innodb_flush_log_at_trx_commit: 0,
    innodb_temp_data_file_path: "ibtmp1:1M:autoextend",
    key_buffer_size: "1M",
    max_connections: 60,
    performance_schema: "OFF",
    general_log: options.logStatements ? 1 : 0,
    general_log_file: join(folder, "commands"),
    ...options.settings,
  };
  const flags = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  const files = ["datadir", "socket", "pid-file"].map((name) => `--${name}=${join(folder, name)}`);
  writeFileSync(init, `create database if not exists ${database};\n`);
  return startServer(program, {
    args: (port) => [
      "--no-defaults",
      ...files,
      `--port=${port}`,
      `--init-file=${init}`,
      "--skip-log-bin",
      "--skip-name-resolve",
      ...runAs(),
      ...flags,
    ],
    folder,
    readyText: "ready for connections",
    signal: "SIGKILL", // its files are removed
  });
}

function commandsOf(log: string): { thread: number; command: string; text: string }[] {
  // A line begins with the time, if it is another one than that of the line before, and a tab.
  return log.split("\n").flatMap((line) => {
    const entry = /^(?:\d{6} +[\d:]+)?\t+ *(\d+) (\w[\w ]*?)(?:\t(.*))?$/.exec(line);
    return entry === null
      ? []
      : [{ thread: Number(entry[1]), command: entry[2] ?? "", text: entry[3] ?? "" }];
  });
}
