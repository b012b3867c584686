import { CancelScope, currentScope, report } from "@hother/cancelable";
import { blocks } from "../database/redis/blocks.ts";
import { Lane } from "../database/redis/lane.ts";
import { runBlocking, runCommand } from "../database/redis/run-command.ts";
import type { Control, ControlledClient } from "./control.ts";
import type { Arguments, ClientCore, CommandOptions } from "./node-redis.ts";
import { whenReady } from "./when-ready.ts";
import { Withdrawal } from "./withdrawal.ts";

const hooked = new WeakSet<object>();

export const isHooked = (core: object): boolean => hooked.has(core);

export const markHooked = (core: object): void => void hooked.add(core);

const never = (): boolean => false;

/** Lets all commands of a client follow the scope in which they are called. */
export function hookClient(core: ClientCore, control: Control, cancelTimeout: number): void {
  markHooked(core);
  const lane = new Lane();
  const { sendCommand, connect, duplicate, _executeMulti, _executePipeline } = core;
  const controlled: ControlledClient = { core, plainCopy: (overrides) => duplicate.call(core, overrides) };

  /** @param send Gives the command to the client, on the same connection as the question for the id, or not at all. */
  const block = <T>(
    what: string,
    withdrawal: Withdrawal,
    send: (options: CommandOptions, ask: () => Promise<unknown>) => Promise<T>,
  ): Promise<T> => {
    let id: Promise<unknown> | undefined;
    return runBlocking(
      {
        what,
        withdraw() {
          withdrawal.withdraw();
          return false;
        },
        send() {
          control.prepare(controlled);
          const options = { chainId: Symbol(what), asap: false, abortSignal: withdrawal.signal };
          const ask = (): Promise<unknown> => sendCommand.call(core, ["CLIENT", "ID"], options);
          id = ask();
          id.catch(() => {}); // the blocking command fails as well, or is not cancelled
          return send(options, ask);
        },
        connectionId: () => id ?? Promise.resolve(),
        unblock: (connection) => control.unblock(controlled, connection),
        replace: () => replace(core),
      },
      cancelTimeout,
    );
  };

  core.sendCommand = async function (this: ClientCore, args: Arguments, options?: CommandOptions) {
    const what = String(args[0]).toUpperCase();
    currentScope().check();
    const isBlocking = blocks(args[0], args.slice(1));
    const start = (): Promise<unknown> => {
      if (currentScope().isRoot) return sendCommand.call(this, args, options);
      const withdrawal = new Withdrawal(options?.abortSignal ?? this._commandOptions?.abortSignal);
      const send = (further: CommandOptions): Promise<unknown> =>
        withdrawal.answer(sendCommand.call(this, args, { ...options, ...further }), what);
      if (isBlocking) return block(what, withdrawal, send);
      const withdraw = (): boolean => {
        withdrawal.withdraw();
        return false;
      };
      return runCommand(
        { what, withdraw, send: () => send({ abortSignal: withdrawal.signal }) },
        cancelTimeout,
      );
    };
    return lane.run(isBlocking, start, what);
  };

  core._executeMulti = async function (this: ClientCore, ...args: unknown[]) {
    return several("MULTI", false, () => _executeMulti.apply(this, args));
  };
  core._executePipeline = async function (this: ClientCore, ...args: unknown[]) {
    const commands = args[0] as readonly { readonly args: Arguments }[]; // of node-redis
    const canBlock = commands.some(({ args: [name, ...rest] }) => blocks(name, rest));
    return several("a pipeline", canBlock, () => _executePipeline.apply(this, args));
  };

  /** Runs commands that node-redis cannot take back. */
  function several<T>(what: string, canBlock: boolean, execute: () => Promise<T>): Promise<T> {
    currentScope().check();
    if (currentScope().isRoot) return lane.run(canBlock, execute, what);
    const start = async (): Promise<T> => {
      await whenReady(core, what);
      if (!canBlock) return runCommand({ what, withdraw: never, send: execute }, cancelTimeout);
      return block(what, new Withdrawal(undefined), async (_options, ask) => {
        const result = execute();
        // Its first error ends the promise of a pipeline. The commands behind this error can still block.
        await Promise.allSettled([result, ask()]);
        return result;
      });
    };
    return lane.run(canBlock || !core.isReady, start, what);
  }

  // Code of the client that runs in the events of its socket must not belong to the scope of the first command.
  core.connect = function (this: ClientCore) {
    return new CancelScope({ parent: null }).run(() => connect.call(this));
  };

  core.duplicate = function (this: ClientCore, overrides?: object) {
    const copy = duplicate.call(this, overrides);
    hookClient(copy, control, cancelTimeout);
    return copy;
  };
}

/** Closes the connection of a client, and opens another one. */
function replace(core: ClientCore): void {
  core.destroy();
  core.connect().catch((error: unknown) => report(error, "the new connection of a client of node-redis"));
}
