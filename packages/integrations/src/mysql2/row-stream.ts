import type { Readable } from "node:stream";
import { untilCancelled } from "../scope/until-cancelled.ts";
import { abandon, guardOf } from "./guarded-command.ts";
import type { Command } from "./library.ts";

const guarded = new WeakSet<Command>();

/**
 * Makes the streams of a query stop the query: when its reader destroys the stream, and when the scope is cancelled. The
 * stream has closed, or has its error, when the server has stopped.
 */
export function guardStreams<T extends Command | undefined>(command: T): T {
  const stream = command?.stream;
  if (command === undefined || stream === undefined || guarded.has(command)) return command;
  guarded.add(command);
  command.stream = (options): Readable => {
    const readable = stream.call(command, options);
    const unfollow = untilCancelled((reason) => {
      // Otherwise the command emits the error. Rows that were read before are left in the stream.
      if (guardOf(command)?.isSettled) readable.destroy(reason);
    }, "a stream of mysql2");
    // mysql2 sets this method of each stream.
    const destroy = readable._destroy;
    readable._destroy = (error, done) => {
      unfollow();
      abandon(command).then(() => destroy.call(readable, error, done), done);
    };
    return readable;
  };
  return command;
}
