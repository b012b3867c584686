import { invalidType } from "@hother/cancelable/extending";
import type { MongoClient } from "mongodb";
import { wrap, wrapped } from "./wrap.ts";

/**
 * Returns a client whose commands belong to the scope in which they are called. The databases, collections, cursors, change
 * streams and sessions that come from it do, too. The client that was passed stays as it is, and has the same connections.
 *
 * A command gets the signal of its scope, and the remaining time of the scope as `maxTimeMS`, in milliseconds. It rejects with
 * the error of the scope. Options of the user stay: a `signal` aborts the command too, and a `maxTimeMS` is not changed. In a
 * cancelled scope nothing is sent. A read of a cursor and of a change stream belongs to the scope in which it is called; its
 * cancellation closes the cursor. Outside of every scope, everything is as without this function.
 *
 * @throws TypeError if `client` is not a `MongoClient`, or came from this function.
 * @example
 * ```ts
 * import { moveOnAfter } from "@hother/cancelable";
 * import { cancellableMongo } from "@hother/cancelable-integrations/mongodb";
 * import { MongoClient } from "mongodb";
 *
 * // There is no server at this address, so the command waits for one.
 * const client = cancellableMongo(new MongoClient("mongodb://127.0.0.1:9/shop"));
 * const order = await moveOnAfter(50, () => client.db().collection("orders").findOne({ paid: false }));
 * console.assert(order === undefined);
 * await client.close();
 * ```
 */
export function cancellableMongo<T extends MongoClient>(client: T): T {
  const { db, startSession } = (client ?? {}) as Partial<MongoClient>;
  if (typeof db !== "function" || typeof startSession !== "function")
    throw invalidType("client", "a MongoClient", client);
  if (wrapped.has(client))
    throw invalidType("client", "a MongoClient that cancellableMongo has not returned", client);
  return wrap(client, "client");
}
