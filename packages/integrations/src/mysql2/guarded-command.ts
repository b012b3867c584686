/*
 * One call of the user on a connection. This file is long because the states of a call are changed by the callbacks, by the
 * events and by the queue of mysql2, and belong together.
 */

import { bind, type CancellationError, currentScope, report } from "@hother/cancelable";
import { cancelledStatement } from "../database/cancelled-statement.ts";
import { runStatement } from "../database/run-statement.ts";
import type { Statement } from "../database/statement.ts";
import { StatementNotSentError } from "../database/statement-not-sent.ts";
import { Stopping } from "../database/stopping.ts";
import { cancellationNearDeadline } from "../scope/near-deadline.ts";
import { untilCancelled } from "../scope/until-cancelled.ts";
import { type GuardOptions, type Outcome, RowsDroppedError } from "./call-outcome.ts";
import { isClientTimeout, isInterrupted, isStatementTimeout } from "./error-codes.ts";
import type { Lane } from "./lane.ts";
import type { Callback, Command } from "./library.ts";
import { type ServerLimit, serverLimit } from "./server-deadline.ts";

/** The guards of commands, for their streams. */
const guards = new WeakMap<Command, GuardedCommand>();
/** Commands whose reader left before they were added to a connection. */
const unwanted = new WeakSet<Command>();

/** The guard of a command that was added to a connection. */
export function guardOf(command: Command): GuardedCommand | undefined {
  return guards.get(command);
}

/** The reader of a command has left: the command is not sent any more, or stopped. Settles when that is done. */
export async function abandon(command: Command): Promise<void> {
  const guard = guards.get(command);
  if (guard === undefined) unwanted.add(command);
  else await guard.abandon();
}

/**
 * A call of the user: one command, or the two of `execute()`, which prepares a statement before it runs it.
 * 1. The commands wait for their turn in the queue of the connection. A call that is cancelled there leaves the queue at once,
 *    and is never sent.
 * 2. The call settles once, after the server has ended the commands and no `KILL` for them is under way.
 * 3. Without a callback the commands emit events. From a cancellation on their rows are dropped.
 */
export class GuardedCommand implements Statement<readonly unknown[]> {
  readonly what = "a statement of mysql2";
  readonly #lane: Lane;
  readonly #scope = currentScope();
  readonly #run = bind(() => runStatement(this, this.#lane.cancelTimeout));
  /** Whether the server gets the ambient deadline. */
  readonly #isLimited: boolean;
  /** The commands around the call that give the server the ambient deadline. */
  #limit: ServerLimit | undefined;
  /** Whether the callback of the user is that of the command. */
  readonly #hasCallback: boolean;
  /** Gets the result, if the user gave a callback. */
  #callback: Callback | undefined;
  /** The command with the result. */
  #last: Command | undefined;
  #state: "waiting" | "running" | "ended" | "settled" = "waiting";
  #isStopping = false;
  /** The error of mysql2 that ends the wait of the client. The call rejects with it when the server has stopped. */
  #clientTimeout: Error | undefined;
  /** Whether the reader of the result has left. */
  #isAbandoned = false;
  #emit!: Command["emit"];
  /** Not at once, so that the user can add listeners before, and an error of the user's code is not caught by ours. */
  readonly #deliver = bind((outcome: Outcome) => queueMicrotask(() => this.#tell(outcome)));
  #start: () => void = () => {};
  #unfollow: () => void = () => {};
  #resolve!: (values: readonly unknown[]) => void;
  #reject!: (error: unknown) => void;
  #end!: () => void;
  /** The result of the call. */
  readonly #result = new Promise<readonly unknown[]>((resolve, reject) => {
    this.#resolve = resolve;
    this.#reject = reject;
  });
  /** Fulfilled when the server has ended the commands. */
  readonly #ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  constructor(lane: Lane, { callback, isLimited = false }: GuardOptions = {}) {
    this.#lane = lane;
    this.#isLimited = isLimited;
    this.#hasCallback = callback === undefined;
    this.#callback = callback?.given;
    this.#result.catch(() => {}); // handled where the result is awaited
  }

  /** Whether the result is there. */
  get isSettled(): boolean {
    return this.#state === "settled";
  }

  /** Adds a command of the call to the queue of the connection. */
  add(command: Command): Command {
    const isFirst = this.#last === undefined;
    this.#last = command;
    guards.set(command, this);
    this.#intercept(command);
    if (!isFirst) {
      this.#skipWhenStopped(command);
      if (!this.isSettled) this.#lane.raw.addCommand(command);
      this.#limitEnds();
      return command;
    }
    const { error } = this.#scope;
    if (error !== undefined) {
      this.#lane.markDirty();
      this.#settle({ error });
    } else if (unwanted.has(command)) this.#settle({ values: [] });
    // mysql2 would emit the error on the connection, and leave the reader waiting.
    else if (this.#lane.isClosed && this.#callback === undefined)
      this.#settle({ error: new Error("Can't add new command when connection is in closed state") });
    else {
      this.#limit = this.#isLimited ? serverLimit(this.#lane, this) : undefined;
      if (this.#limit !== undefined) this.#lane.raw.addCommand(this.#limit.before);
      if (!this.isSettled) this.#enqueue(command);
      if (this.#hasCallback) this.#limitEnds();
    }
    return command;
  }

  /** The result, from the callback that was given to the commands. */
  readonly answer: Callback = (error, ...values) => {
    if (error === null || error === undefined) return this.#answered(values);
    if (isClientTimeout(error) && this.#state === "running") {
      // mysql2 does not wait any more, and the server goes on.
      this.#clientTimeout = error;
      void this.#stop();
      return;
    }
    this.lost(error);
  };

  /** The command has failed, or its connection has gone. */
  lost(error: unknown): void {
    if (this.#state === "waiting") return this.#settle({ error });
    this.#hasEnded();
    this.#reject(this.#clientTimeout ?? error);
  }

  /** The reader has left. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    if (this.#state === "waiting") this.#settle({ values: [] });
    else await this.#stop();
  }

  send(): Promise<readonly unknown[]> {
    this.#start();
    return this.#result;
  }

  async cancel(): Promise<void> {
    if (this.#state !== "running") return;
    this.#isStopping = true;
    const { raw } = this.#lane;
    const isRead = this.#callback === undefined;
    // Rows that come fast would hold up the KILL. The server sends its last packet only if the rows are read.
    if (isRead) raw.pause();
    try {
      await this.#lane.kill(() => this.#state === "running");
    } finally {
      if (isRead) raw.resume();
    }
  }

  isCancelled(error: unknown): boolean {
    return (
      isInterrupted(error) || error instanceof StatementNotSentError || error instanceof RowsDroppedError
    );
  }

  destroy(error: Error): void {
    this.#lane.destroy(error);
  }

  /** All commands of the call are in the queue of the connection. */
  #limitEnds(): void {
    if (this.#limit !== undefined) this.#lane.raw.addCommand(this.#limit.after);
  }

  #enqueue(command: Command): void {
    const { start } = command;
    const begin = (packet: unknown, connection: unknown): unknown => {
      if (this.isSettled) return null;
      if (this.#lane.isHeld) {
        this.#lane.holdBack();
        return begin;
      }
      this.#unfollow();
      this.#state = "running";
      let next: unknown = null;
      this.#start = () => {
        next = start.call(command, packet, connection);
      };
      this.#run().then(
        (values) => this.#settle({ values }),
        async (error: unknown) => this.#settle({ error: await this.#ownCancellation(error) }),
      );
      return next;
    };
    command.start = begin;
    this.#lane.add(this);
    this.#lane.raw.addCommand(command);
    // Not changed yet if the command waits behind others.
    if (this.#state === "waiting")
      this.#unfollow = untilCancelled((reason) => this.#leave(reason), this.what);
  }

  /** The call was given up here, or by the server at the deadline, which is a moment later here. */
  async #ownCancellation(error: unknown): Promise<unknown> {
    const isOurLimit = this.#limit !== undefined && isStatementTimeout(error);
    const isGivenUp = error instanceof StatementNotSentError || error instanceof RowsDroppedError;
    const reason = isOurLimit ? await cancellationNearDeadline(this.#scope) : this.#scope.error;
    return (isGivenUp || isOurLimit) && reason !== undefined ? cancelledStatement(reason, error) : error;
  }

  /** The second command of a call that was stopped during the first one is not sent. */
  #skipWhenStopped(command: Command): void {
    const { start } = command;
    command.start = (packet, connection) => {
      if (this.isSettled) return null;
      if (!this.#isStopping) return start.call(command, packet, connection);
      this.lost(
        new StatementNotSentError("The statement was prepared only, because its scope was cancelled"),
      );
      return null;
    };
  }

  /** Takes the results and the events of a command. */
  #intercept(command: Command): void {
    if (this.#hasCallback && command.onResult !== undefined) {
      this.#callback = command.onResult;
      command.onResult = this.answer;
    }
    const { emit } = command;
    this.#emit = emit.bind(command);
    command.emit = (name: string | symbol, ...values: unknown[]): boolean => {
      if (command !== this.#last) return emit.call(command, name, ...values);
      if (this.isSettled) return false;
      if (name === "error")
        this.answer(values[0] as Error); // an error of mysql2
      else if (name === "end") this.#wireEnd();
      else if (!this.#isStopping) return emit.call(command, name, ...values);
      return true;
    };
  }

  /** mysql2 has read the whole answer of the last command. */
  #wireEnd(): void {
    this.#hasEnded();
    // With a callback the result comes later, but not to a client that does not wait for it any more.
    if (this.#callback === undefined || this.#clientTimeout !== undefined) this.#answered([]);
  }

  #answered(values: readonly unknown[]): void {
    this.#hasEnded();
    if (this.#clientTimeout !== undefined) this.#reject(this.#clientTimeout);
    else if (this.#isStopping && this.#callback === undefined) this.#reject(new RowsDroppedError());
    else this.#resolve(values);
  }

  #hasEnded(): void {
    if (this.#state === "running") this.#state = "ended";
    this.#end();
  }

  /** The scope was cancelled before the command was sent. */
  #leave(reason: CancellationError): void {
    this.#lane.markDirty();
    const why = new StatementNotSentError(
      "The statement waited behind others on its connection, and was not sent",
    );
    this.#settle({ error: cancelledStatement(reason, why) });
  }

  #tell(outcome: Outcome): void {
    if ("values" in outcome) {
      this.#emit("end");
      this.#callback?.(null, ...outcome.values);
      return;
    }
    const { error } = outcome;
    try {
      if (this.#callback !== undefined)
        this.#callback(error as Error); // as mysql2 gives it
      else if (this.#isAbandoned) return;
      else if (this.#last?.listenerCount("error")) this.#emit("error", error);
      else report(error, "a query of mysql2 without a listener of its errors");
    } finally {
      this.#emit("end"); // a pool takes its connection back then
    }
  }

  async #stop(): Promise<void> {
    if (this.#state !== "running") return;
    await new Stopping(this, this.#ended, this.#lane.cancelTimeout).over;
  }

  #settle(outcome: Outcome): void {
    if (this.isSettled) return;
    this.#state = "settled";
    this.#unfollow();
    this.#lane.remove(this);
    this.#deliver(outcome);
  }
}
