import {
  invalidType,
  type KnownOptions,
  requireBoolean,
  requireKnownOptions,
  requireOneOf,
  requireText,
} from "@hother/cancelable/extending";
import { type CancelTimeoutOption, toCancelTimeout } from "../cancel-timeout.ts";
import { SqliteDatabase } from "./sqlite-database.ts";

/** The options of `openDatabase`. */
export interface SqliteOptions extends CancelTimeoutOption {
  /**
   * Where the database is open, and so how a statement is stopped. Default: `"process"`.
   * - `"process"`: a process of its own. It is killed, and the next call opens the database again. Stops every statement.
   * - `"thread"`: a thread of this process. A statement is stopped between two rows of its result, and where its SQL calls
   *   the function `check_cancelled()`. Nothing else can stop it. Cheaper than a process, and needed for `":memory:"`.
   */
  readonly host?: "process" | "thread" | undefined;
  /** Whether the file is opened for reading only. Default: false. */
  readonly readOnly?: boolean | undefined;
  /** SQL that runs after each opening, such as `pragma journal_mode = wal`. Default: none. */
  readonly setup?: string | undefined;
}

const known: KnownOptions<SqliteOptions> = { cancelTimeout: 1, host: 1, readOnly: 1, setup: 1 };

/**
 * @param entry The module that serves the database.
 * @param flags Flags of Node for the host.
 */
export function openSqlite(
  file: string,
  options: SqliteOptions | undefined,
  entry: URL,
  flags: readonly string[],
): Promise<SqliteDatabase> {
  requireText(file, "file");
  requireKnownOptions(options, known, "openDatabase");
  const { host: kind = "process", readOnly = false, setup } = options ?? {};
  requireOneOf(kind, "options.host", ["process", "thread"]);
  requireBoolean(readOnly, "options.readOnly");
  if (setup !== undefined) requireText(setup, "options.setup");
  if (kind === "process" && (file === "" || file.startsWith(":memory:")))
    throw invalidType(
      "file",
      'the path of a file, because a process that is killed loses its memory; or give { host: "thread" }',
      file,
    );
  const cancelTimeout = toCancelTimeout(options);
  return new SqliteDatabase({ kind, entry, flags, cancelTimeout, open: { file, readOnly, setup } }).open();
}
