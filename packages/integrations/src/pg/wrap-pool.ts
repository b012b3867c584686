import { isCancellation } from "@hother/cancelable";
import type { Pool } from "pg";
import { isReadTimeout } from "./client-statement.ts";
import { overriding } from "./overriding.ts";
import type { RawClient } from "./raw-client.ts";
import {
  type QueryArguments,
  type RunOptions,
  resultOnClient,
  settleInto,
  toStatement,
} from "./run-on-client.ts";
import { failStream, isStream, streamOnClient } from "./run-stream.ts";
import { takeClient, waitersOf } from "./take-client.ts";
import { wrapClient } from "./wrap-client.ts";

type ConnectCallback = (
  error: unknown,
  client?: RawClient,
  release?: (error?: Error | boolean) => void,
) => void;

const wrappers = new WeakSet<Pool>();

/** Whether `pool` is a wrapper that this module made. */
export function isWrappedPool(pool: Pool): boolean {
  return wrappers.has(pool);
}

export function wrapPool(pool: Pool, options: RunOptions): Pool {
  const connect = async (): Promise<RawClient> => wrapClient(await takeClient(pool), options);
  const wrapped = overriding(pool, {
    connect: (callback?: ConnectCallback) => {
      const taken = connect();
      if (callback === undefined) return taken;
      settleInto(taken, (error, client) => {
        if (client === undefined) callback(error, undefined, () => {});
        else callback(undefined, client, client.release);
      });
    },
    query: (...args: QueryArguments) => {
      const [config, values, last] = args;
      if (typeof config === "function") return pool.query(config as never); // pg calls it with an error
      const callback = typeof values === "function" ? values : last;
      const own = callback === undefined ? args : [config, typeof values === "function" ? undefined : values];
      const result = queryOnPool(pool, own, options);
      if (callback === undefined) return result;
      if (typeof callback !== "function") throw new TypeError("callback is not a function");
      settleInto(result, (error, value) => callback(error ?? undefined, value));
    },
    end: (callback?: () => void) => {
      const ended = callback === undefined ? pool.end() : pool.end(callback);
      waitersOf(pool).endIfEnding();
      return ended;
    },
  });
  wrappers.add(wrapped);
  return wrapped;
}

async function queryOnPool(pool: Pool, args: QueryArguments, options: RunOptions): Promise<unknown> {
  const [config] = args;
  const client = await takeClient(pool).catch((error: unknown) => {
    failStream(config, error);
    throw error;
  });
  let broken: Error | undefined;
  const onError = (error: Error): void => {
    broken ??= error;
  };
  client.on("error", onError);
  let failure: unknown;
  try {
    const { statement, callback } = toStatement(client, args);
    const result = await (isStream(statement)
      ? streamOnClient(client, statement, options)
      : resultOnClient(client, statement, options));
    callback?.(undefined, result);
    return result;
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    client.removeListener("error", onError);
    // The connection is free after a cancellation. After other errors pg-pool gives a connection up, too.
    const isFree = failure === undefined || isCancellation(failure) || isReadTimeout(failure);
    client.release(broken ?? (isFree ? undefined : (failure as Error)));
  }
}
