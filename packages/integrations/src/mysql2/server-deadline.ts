import { currentScope, getBackend, UsageError } from "@hother/cancelable";
import type { Lane } from "./lane.ts";
import type { Callback, Command } from "./library.ts";

/** Where the setting of the user waits for the end of the statement. */
const kept = "@cancelable_statement_time";

/** The call that gets the limit. */
interface LimitedCall {
  /** Whether the call is over, so that no limit is needed. */
  readonly isSettled: boolean;
  lost(error: unknown): void;
}

/** The commands around the commands of a call. */
export interface ServerLimit {
  /** Gives the server the time that is left. */
  readonly before: Command;
  /** Sets the limit of the user again. */
  readonly after: Command;
}

/**
 * The commands that make the time to the ambient deadline the limit of the server for the statements of `call`, and of these
 * only. Undefined without a deadline. A command that fails ends the call, or the connection.
 */
export function serverLimit(lane: Lane, call: LimitedCall): ServerLimit | undefined {
  const { deadline } = currentScope();
  if (deadline === Number.POSITIVE_INFINITY) return undefined;
  const backend = getBackend();
  let isSet = false;
  const before = newCommand(lane, (error) => {
    if (error) call.lost(error);
  });
  startWhen(lane, before, () => {
    if (call.isSettled) return false;
    if (lane.raw._isMariaDB !== true) {
      call.lost(
        new UsageError(
          "ERR_UNSUPPORTED_HOST",
          "options.serverDeadline",
          "it needs MariaDB: MySQL has a limit for SELECT statements only",
        ),
      );
      return false;
    }
    isSet = true;
    const seconds = Math.max(deadline - backend.now(), 1) / 1_000;
    before.sql = `set ${kept} = @@max_statement_time, max_statement_time = ${seconds.toFixed(6)}`;
    return true;
  });
  const pending = { lost: () => {} };
  const after = newCommand(lane, (error) => {
    if (error) lane.destroy(error);
    lane.remove(pending);
  });
  after.sql = `set max_statement_time = ${kept}`;
  startWhen(lane, after, () => {
    if (!isSet) lane.remove(pending);
    return isSet;
  });
  lane.add(pending);
  return { before, after };
}

function newCommand({ raw }: Lane, callback: Callback): Command {
  // A static method of the class of the connection.
  const { createQuery } = raw.constructor as unknown as {
    createQuery(sql: string, values: undefined, callback: Callback, config: unknown): Command;
  };
  return createQuery("", undefined, callback, raw.config);
}

/** Starts a command when no `KILL` is under way, and skips it if `isNeeded` says so then. */
function startWhen(lane: Lane, command: Command, isNeeded: () => boolean): void {
  const { start } = command;
  const begin = (packet: unknown, connection: unknown): unknown => {
    if (lane.isHeld) {
      lane.holdBack();
      return begin;
    }
    return isNeeded() ? start.call(command, packet, connection) : null;
  };
  command.start = begin;
}
