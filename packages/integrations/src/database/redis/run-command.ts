import { type CancellationError, currentScope } from "@hother/cancelable";
import { untilCancelled } from "../../scope/until-cancelled.ts";
import { cancelledStatement } from "../cancelled-statement.ts";
import { runStatement } from "../run-statement.ts";
import { StatementNotSentError } from "../statement-not-sent.ts";
import { AnswerLostError } from "./answer-lost.ts";

/** A command of Redis that a client sends. */
export interface RedisCommand<T> {
  /** The command in a message, for example `BLPOP`. */
  readonly what: string;
  /** Gives the command to the client. Called at most once. */
  send(): Promise<T>;
  /**
   * Takes the command back if it is not on its way to the server: `send()` then rejects with a `StatementNotSentError`, or an
   * `AnswerLostError` if it was sent on a connection that was lost. Returns false if this is certain not to be so.
   */
  withdraw(): boolean;
}

/** A command for which the server holds back the answer. */
export interface BlockingCommand<T> extends RedisCommand<T> {
  /** The id that the server has given to the connection of the command. */
  connectionId(): Promise<unknown>;
  /** Ends the command that holds the connection with this id. The promise settles with the answer of the server. */
  unblock(id: string): Promise<unknown>;
  /** Replaces the connection by a new one. */
  replace(): void;
}

/**
 * Runs a command that the server answers at once. It is not sent in a cancelled scope, and taken back if it is cancelled while
 * the client still keeps it. The answer to a command that was sent is waited for, at most `cancelTimeout` ms from the cancellation
 * on: what the server answered is the truth.
 */
export async function runCommand<T>(command: RedisCommand<T>, cancelTimeout: number): Promise<T> {
  currentScope().check();
  const ended = command.send();
  let cancelled: CancellationError | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let giveUp!: (error: Error) => void;
  const late = new Promise<never>((_resolve, reject) => {
    giveUp = reject;
  });
  const unfollow = untilCancelled((reason) => {
    cancelled = reason;
    command.withdraw();
    const message = `${command.what} has no answer ${cancelTimeout} ms after the cancellation; the server may have run it`;
    timer = setTimeout(() => giveUp(new AnswerLostError(message)), cancelTimeout);
  }, command.what);
  try {
    return await Promise.race([ended, late]);
  } catch (error) {
    if (cancelled !== undefined && isWithdrawn(error)) throw cancelledStatement(cancelled, error);
    throw error;
  } finally {
    clearTimeout(timer);
    unfollow();
  }
}

/** Runs a blocking command. A cancellation ends it on the server, and its connection stays usable. */
export function runBlocking<T>(command: BlockingCommand<T>, cancelTimeout: number): Promise<T> {
  let isReplaced = false;
  return runStatement<T>(
    {
      what: command.what,
      send: () =>
        command.send().catch((error: unknown) => {
          // The error that the client has for a connection that was replaced tells nothing.
          if (isReplaced) return new Promise<never>(() => {});
          throw error;
        }),
      async cancel() {
        if (command.withdraw()) return;
        const id = await command.connectionId().catch((error: unknown) => {
          // Without its connection the command has ended itself.
          if (isReply(error)) throw error;
        });
        if (id !== undefined) await command.unblock(String(id));
      },
      isCancelled: (error) => isWithdrawn(error) || (isReply(error) && error.message.startsWith("UNBLOCKED")),
      destroy() {
        isReplaced = true;
        command.replace();
      },
    },
    cancelTimeout,
  );
}

const isWithdrawn = (error: unknown): boolean =>
  error instanceof StatementNotSentError || error instanceof AnswerLostError;

/** Whether an error is an answer of the server: these begin with a word in capitals. */
const isReply = (error: unknown): error is Error => error instanceof Error && /^[A-Z]+ /.test(error.message);
