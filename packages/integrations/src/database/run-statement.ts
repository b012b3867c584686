import { type CancellationError, currentScope } from "@hother/cancelable";
import { untilCancelled } from "../scope/until-cancelled.ts";
import { cancelledStatement } from "./cancelled-statement.ts";
import type { Statement } from "./statement.ts";
import { Stopping } from "./stopping.ts";

/**
 * Runs a statement in the ambient scope. In a cancelled scope nothing is sent. When the scope is cancelled while the
 * statement runs, the server is asked to stop it, and the promise settles when the request and the statement have both
 * ended: the connection is free then, and no late request hits its next statement.
 *
 * The answer of the server counts. A statement that ended well in spite of the cancellation gives its value. If the
 * server says that our request stopped the statement, the promise rejects with the cancellation of the scope, with the
 * error of the server as the cause. Every other error stays as it is.
 *
 * @param cancelTimeout The longest time in ms from the cancellation to the end of the statement and of the request. After
 * it the connection is destroyed. If the statement has not ended then, the promise rejects with the cancellation.
 */
export async function runStatement<T>(statement: Statement<T>, cancelTimeout: number): Promise<T> {
  currentScope().check();
  const ended = statement.send();
  /** Set when the scope is cancelled. */
  const own: { reason?: CancellationError; stopping?: Stopping } = {};
  let giveUp!: (failure: Error) => void;
  const abandoned = new Promise<never>((_resolve, reject) => {
    giveUp = reject;
  });
  const unfollow = untilCancelled((reason) => {
    const stopping = new Stopping(statement, ended, cancelTimeout);
    Object.assign(own, { reason, stopping });
    void stopping.over.then((failure) => failure && giveUp(failure));
  }, statement.what);
  let outcome: { readonly value: T } | { readonly error: unknown };
  try {
    outcome = { value: await Promise.race([ended, abandoned]) };
  } catch (error) {
    outcome = { error };
  }
  unfollow();
  const { reason, stopping } = own;
  const failure = await stopping?.over;
  if ("value" in outcome) return outcome.value;
  const { error } = outcome;
  const isOurs = error === failure || (stopping?.wasAsked && statement.isCancelled(error));
  throw reason !== undefined && isOurs ? cancelledStatement(reason, error) : error;
}
