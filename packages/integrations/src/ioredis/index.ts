import { invalidType, type KnownOptions, requireKnownOptions } from "@hother/cancelable/extending";
import { type CancelTimeoutOption, toCancelTimeout } from "../database/cancel-timeout.ts";
import { hookClient, isHooked } from "./hook-client.ts";
import type { Client, IORedisLike } from "./ioredis.ts";

export { AnswerLostError } from "../database/redis/answer-lost.ts";
export { StatementNotSentError } from "../database/statement-not-sent.ts";
export type { IORedisLike } from "./ioredis.ts";

/** The options of {@link cancellableIORedis}. */
export interface CancellableIORedisOptions extends CancelTimeoutOption {}

const known: KnownOptions<CancellableIORedisOptions> = { cancelTimeout: 1 };

/**
 * Cancels the commands of a client of ioredis with the scope in which they are called. Changes the client, and returns it.
 *
 * A blocking command ends on the server, by `CLIENT UNBLOCK` over a second connection, and its own connection stays usable. A
 * command that was not sent is never sent, and a cancelled command is not sent again after a reconnect. The answer to another
 * command that was sent is waited for. The answer of the server counts: a blocking command that got its value in the
 * moment of the cancellation returns the value.
 *
 * @param client The value of `new Redis()`.
 * @throws TypeError if `client` is none, is a cluster, has `enableAutoPipelining`, or was passed before.
 * @example
 * ```ts
 * import { cancellableIORedis } from "@hother/cancelable-integrations/ioredis";
 * import { Redis } from "ioredis";
 *
 * const redis = cancellableIORedis(new Redis({ lazyConnect: true }));
 * // const job = await moveOnAfter({ seconds: 5 }, () => redis.blpop("jobs", 0));
 * console.assert(redis.status === "wait");
 * ```
 */
export function cancellableIORedis<C extends IORedisLike>(client: C, options?: CancellableIORedisOptions): C {
  const checked = requireClient(client);
  requireKnownOptions(options, known, "cancellableIORedis");
  hookClient(checked, toCancelTimeout(options));
  return client;
}

function requireClient(client: unknown): Client {
  const { sendCommand, duplicate, options, isCluster } = (client ?? {}) as Partial<Client & IORedisLike>;
  if (typeof sendCommand !== "function" || typeof duplicate !== "function" || isCluster !== false)
    throw invalidType("client", "a client of ioredis, such as new Redis(), and no cluster", client);
  if (options?.enableAutoPipelining)
    throw invalidType(
      "client",
      "a client without enableAutoPipelining, which sends commands of several scopes as one",
      client,
    );
  if (isHooked(client as object))
    throw invalidType("client", "a client that cancellableIORedis has not got before", client);
  return client as Client; // checked above
}
