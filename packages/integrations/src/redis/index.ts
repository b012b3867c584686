import { invalidType, type KnownOptions, requireKnownOptions } from "@hother/cancelable/extending";
import { type CancelTimeoutOption, toCancelTimeout } from "../database/cancel-timeout.ts";
import { Control } from "./control.ts";
import { hookClient, isHooked } from "./hook-client.ts";
import { hookPool } from "./hook-pool.ts";
import { type ClientCore, type ClientLike, coreOf, type PoolCore, type PoolLike } from "./node-redis.ts";

export { AnswerLostError } from "../database/redis/answer-lost.ts";
export { StatementNotSentError } from "../database/statement-not-sent.ts";
export type { ClientLike, PoolLike } from "./node-redis.ts";

/** The options of {@link cancellableRedis}. */
export interface CancellableRedisOptions extends CancelTimeoutOption {}

const known: KnownOptions<CancellableRedisOptions> = { cancelTimeout: 1 };

/**
 * Cancels the commands of a client or a pool of node-redis with the scope in which they are called. Changes the client, and
 * returns it.
 *
 * A blocking command ends on the server, by `CLIENT UNBLOCK` over a second connection, and its own connection stays usable. A
 * command that was not sent is never sent. The answer to another command that was sent is waited for. What the server answered is
 * the truth: a blocking command that got its value in the moment of the cancellation returns the value.
 *
 * @param client The value of `createClient()` or `createClientPool()`, best before `connect()`.
 * @throws TypeError if `client` is none, or was passed before.
 * @example
 * ```ts
 * import { cancellableRedis } from "@hother/cancelable-integrations/redis";
 * import { createClient } from "redis";
 *
 * const client = cancellableRedis(createClient({ url: "redis://127.0.0.1:6379" }));
 * // await client.connect();
 * // const job = await moveOnAfter({ seconds: 5 }, () => client.blPop("jobs", 0));
 * console.assert(!client.isOpen);
 * ```
 */
export function cancellableRedis<C extends ClientLike | PoolLike>(
  client: C,
  options?: CancellableRedisOptions,
): C {
  const core = requireClient(client);
  requireKnownOptions(options, known, "cancellableRedis");
  const cancelTimeout = toCancelTimeout(options);
  const control = new Control();
  if ("execute" in core) hookPool(core, control, cancelTimeout);
  else hookClient(core, control, cancelTimeout);
  return client;
}

function requireClient(client: unknown): ClientCore | PoolCore {
  const core = typeof client === "object" && client !== null ? coreOf(client) : undefined;
  const { sendCommand, _executeMulti, execute } = (core ?? {}) as Partial<ClientCore & PoolCore>;
  const isPool = typeof execute === "function";
  // A cluster and a sentinel have no connection of their own.
  const isClient = typeof _executeMulti === "function" && "socketEpoch" in (core as object);
  if (typeof sendCommand !== "function" || !(isPool || isClient))
    throw invalidType("client", "a client or a pool of node-redis, such as createClient()", client);
  if (isHooked(core as object))
    throw invalidType("client", "a client that cancellableRedis has not got before", client);
  return core as ClientCore | PoolCore; // checked above
}
