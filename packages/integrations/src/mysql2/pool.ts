import { bind, currentScope } from "@hother/cancelable";
import { cancelledStatement } from "../database/cancelled-statement.ts";
import { StatementNotSentError } from "../database/statement-not-sent.ts";
import { untilCancelled } from "../scope/until-cancelled.ts";
import type { ControlConnections } from "./control.ts";
import type { Callback, Command, RawConnection, RawPool } from "./library.ts";
import { guardStreams } from "./row-stream.ts";
import { viewOf } from "./view.ts";

type Method = (...args: unknown[]) => unknown;
type GetConnection = RawPool["getConnection"];

/** Ends the wait for a connection when the scope is cancelled. A connection that comes later goes back to its pool. */
export function cancellableWait(
  getConnection: GetConnection,
  viewed: (raw: RawConnection) => RawConnection,
): GetConnection {
  return (callback) => {
    const tell = bind(callback);
    const { error: reason } = currentScope();
    if (reason !== undefined) return queueMicrotask(() => tell(reason));
    let isOver = false;
    const unfollow = untilCancelled((cancelled) => {
      isOver = true;
      const why = new StatementNotSentError(
        "The statement waited for a connection of the pool, and was not sent",
      );
      tell(cancelledStatement(cancelled, why));
    }, "the wait for a connection of mysql2");
    getConnection((error, raw) => {
      if (isOver) return raw?.release?.();
      unfollow();
      if (raw === undefined || error) tell(error);
      else tell(null, viewed(raw));
    });
  };
}

/** The pool as the user sees it. */
export function poolView(
  raw: RawPool,
  control: ControlConnections,
  viewed: (lent: RawConnection) => RawConnection,
): RawPool {
  const methods = raw as unknown as Record<string | symbol, Method>;
  const call = (name: string | symbol, target: object, args: readonly unknown[]): unknown =>
    methods[name]?.apply(target, [...args]);
  const view: RawPool = viewOf(raw, {
    getConnection: cancellableWait((callback) => raw.getConnection(callback), viewed),
    query: (...args: unknown[]) => guardStreams(call("query", view, args) as Command),
    execute: (...args: unknown[]) => call("execute", view, args),
    releaseConnection: (connection: { release(): void }) => connection.release(),
    end(callback?: Callback) {
      raw.end((error, ...results) => {
        control.close();
        if (callback !== undefined) callback(error, ...results);
        else if (error) throw error; // as mysql2 does
      });
    },
    promise: (...args: unknown[]) => call("promise", view, args),
    [Symbol.dispose]: () => call(Symbol.dispose, view, []),
  });
  return view;
}
