import { bind, currentScope, waitFor } from "@hother/cancelable";
import type { Lease } from "./lease.ts";
import { Line } from "./line.ts";
import { makeSql } from "./make-sql.ts";
import { Pool } from "./pool.ts";
import { type BasicSql, connectionError, type RawQuery, type RawSql } from "./raw-sql.ts";
import { type Place, runQuery } from "./run-query.ts";
import { type Body, begin } from "./transaction.ts";

const wrapped = new WeakSet<object>();

export function isWrapped(sql: object): boolean {
  return wrapped.has(sql);
}

/** Makes the `sql` of a pool. */
export function wrapSql(raw: RawSql, cancelTimeout: number): BasicSql {
  const pool = new Pool(raw, cancelTimeout);
  const place: Place = {
    enter: () => pool.take("statement"),
    leave: (lease, ready) => void ready.then(() => lease.release()),
    check: (value, lease) => refuseTransaction(value, lease, raw),
  };
  const { handler } = raw.unsafe("");
  const sql = makeSql(raw, (query) => {
    // Outside of every scope a statement may share its connection with others, as without this module.
    if (currentScope().isRoot) handler(query);
    else void runQuery(query, place, pool);
  });
  const { length, name, prototype, ...own } = Object.getOwnPropertyDescriptors(raw);
  const basic = Object.getOwnPropertyDescriptors(sql);
  Object.defineProperties(sql, { ...own, ...basic });
  Object.assign(sql, {
    begin: (first: unknown, second?: unknown) =>
      typeof first === "function" ? begin(pool, "", first as Body) : begin(pool, `${first}`, second as Body),
    reserve: () => reserve(pool),
    end: (options?: unknown) => pool.end(() => raw.end(options)),
    close: () => pool.end(() => raw.close()),
    listen: (channel: string, fn: (payload: string) => void, onlisten?: () => void) =>
      listen(raw, channel, fn, onlisten),
    async largeObject(...args: unknown[]) {
      currentScope().check();
      return raw.largeObject(...args);
    },
  });
  wrapped.add(sql);
  return sql;
}

/** Refuses a `BEGIN` whose connection would go back to the pool, as postgres.js does for the connections that it knows. */
function refuseTransaction(value: unknown, lease: Lease, { options, unsafe }: RawSql): void {
  const results = [value, ...(Array.isArray(value) ? value : [])] as (Result | null | undefined)[];
  if (options.max === 1 || !results.some((result) => result?.command === "BEGIN")) return;
  const rollback = unsafe("rollback");
  rollback.resolve = rollback.reject = () => {};
  lease.execute(rollback);
  throw connectionError("UNSAFE_TRANSACTION", "Only use sql.begin, sql.reserved or max: 1");
}

interface Result {
  readonly command?: unknown;
}

/** `sql.reserve()` of postgres.js. */
async function reserve(pool: Pool): Promise<BasicSql & { release(): void }> {
  const lease = await pool.take("session");
  const line = new Line(lease);
  await lease.introduce();
  lease.onLost((error) => line.close(error));
  const run = (query: RawQuery): void => void runQuery(query, line, pool);
  return Object.assign(makeSql(pool.sql, run), {
    release() {
      line.close(connectionError("CONNECTION_RELEASED", "the connection of this `sql` was released"));
      lease.release();
    },
  });
}

/** `sql.listen()` of postgres.js. A cancellation while the call waits ends the listening again. */
async function listen(
  raw: RawSql,
  channel: string,
  fn: (payload: string) => void,
  onlisten?: () => void,
): Promise<unknown> {
  currentScope().check();
  const listening = raw.listen(channel, bind(fn), onlisten && bind(onlisten));
  try {
    return await waitFor(listening);
  } catch (error) {
    listening.then((late) => late.unlisten()).catch(() => {}); // the call is over
    throw error;
  }
}
