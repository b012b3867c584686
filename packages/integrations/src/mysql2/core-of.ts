import { invalidType } from "@hother/cancelable/extending";
import type { Connection, Pool } from "mysql2";
import type { Connection as PromiseConnection, Pool as PromisePool } from "mysql2/promise";
import type { RawConnection, RawPool } from "./library.ts";

/** A pool or a connection, of `mysql2` or of `mysql2/promise`. */
export type Mysql2Client = Connection | Pool | PromiseConnection | PromisePool;

/** The object of mysql2 itself below `client`, and the function that makes a client of its kind again. */
interface Core {
  readonly raw: RawConnection | RawPool;
  readonly clientOf: (raw: RawConnection | RawPool) => unknown;
}

export function isPool(raw: unknown): raw is RawPool {
  const { getConnection, config } = (raw ?? {}) as Partial<RawPool>;
  return typeof getConnection === "function" && config?.connectionConfig !== undefined;
}

function isConnection(raw: unknown): raw is RawConnection {
  const { addCommand, handlePacket } = (raw ?? {}) as Partial<RawConnection>;
  return typeof addCommand === "function" && typeof handlePacket === "function";
}

/** @throws TypeError for a value that is no pool and no connection of mysql2. */
export function coreOf(client: unknown): Core {
  if (isPool(client) || isConnection(client)) return { raw: client, clientOf: (raw) => raw };
  // A client of `mysql2/promise` has the object of mysql2 in one of these fields.
  const { pool, connection, Promise: own } = (client ?? {}) as Record<string, unknown>;
  const raw = isPool(pool) ? pool : isConnection(connection) ? connection : undefined;
  if (raw === undefined) throw invalidType("client", "a pool or a connection of mysql2 3", client);
  const clientOf = (view: object): unknown => (view as { promise(own: unknown): unknown }).promise(own);
  return { raw, clientOf };
}
