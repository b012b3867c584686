import { GuardedCommand } from "./guarded-command.ts";
import type { Lane } from "./lane.ts";
import type { Callback, Command, RawConnection } from "./library.ts";
import { guardStreams } from "./row-stream.ts";
import { viewOf } from "./view.ts";

type Method = (...args: unknown[]) => unknown;

/** The methods that send one command. */
const sending = ["query", "prepare", "ping", "reset", "changeUser", "beginTransaction", "commit", "rollback"];

/**
 * The connection as the user sees it.
 *
 * @param close Called when the user ends the connection, if it belongs to no pool.
 */
export function connectionView(lane: Lane, close?: () => void): RawConnection {
  const { raw } = lane;
  // All methods of mysql2 have callbacks as their last arguments.
  const methods = raw as unknown as Record<string | symbol, Method>;
  /** The connection for one call of a method of mysql2, which adds its commands through `add`. */
  const sender = (add: (command: Command) => Command): RawConnection =>
    Object.create(raw, { addCommand: { value: add } }) as RawConnection;
  const call = (name: string | symbol, target: object, args: readonly unknown[]): unknown =>
    methods[name]?.apply(target, [...args]);

  const overrides: Record<string | symbol, Method> = {
    execute(...args) {
      const last = args.at(-1);
      const given = typeof last === "function" ? (last as Callback) : undefined;
      const guard = new GuardedCommand(lane, { callback: { given }, isLimited: lane.serverDeadline });
      if (given !== undefined) args[args.length - 1] = guard.answer;
      return guardStreams(
        call(
          "execute",
          sender((command) => guard.add(command)),
          args,
        ) as Command,
      );
    },
    prepare(...args) {
      const last = args.at(-1);
      if (typeof last === "function")
        args[args.length - 1] = (error: unknown, prepared?: object) =>
          last(error, prepared && statementView(prepared));
      return call("prepare", sender(alone), args);
    },
    release: () => lane.release(),
    destroy: () => lane.destroyByUser(),
    close: () => lane.destroyByUser(),
    end(...args) {
      const result = call("end", raw, args);
      close?.();
      return result;
    },
    promise: (...args) => call("promise", view, args),
    [Symbol.dispose]: () => call(Symbol.dispose, view, []),
  };
  for (const name of sending)
    overrides[name] ??= (...args) =>
      guardStreams(call(name, sender(name === "query" ? statement : alone), args) as Command);
  const view: RawConnection = viewOf(raw, overrides);
  return view;

  function alone(command: Command): Command {
    return new GuardedCommand(lane).add(command);
  }

  function statement(command: Command): Command {
    return new GuardedCommand(lane, { isLimited: lane.serverDeadline }).add(command);
  }

  /** A prepared statement that sends its executions through the guard. */
  function statementView(prepared: object): object {
    const { execute } = prepared as { execute: Method };
    return Object.create(prepared, {
      execute: {
        value: (...args: unknown[]) => {
          // The statement keeps its connection in this field.
          const own = Object.create(prepared, { _connection: { value: sender(statement) } });
          return guardStreams(execute.apply(own, args) as Command);
        },
      },
    });
  }
}
