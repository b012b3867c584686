import { emptyQuery, Lease, type LeaseKind } from "./lease.ts";
import type { RawConnection, RawQuery, RawSql } from "./raw-sql.ts";

/** The codes with which a server closes a connection in the middle of a statement. */
const closings = new Set<unknown>(["57P01", "57P02", "25P04"]);

/** Takes a connection out of the pool. Waits until one is free. */
export async function takeConnection(sql: RawSql, kind: LeaseKind): Promise<Lease> {
  for (let left = sql.options.max; ; left--) {
    try {
      return await takeOnce(sql, kind);
    } catch (error) {
      // When postgres.js opens a connection again, it throws the error with which the server has closed it (3.4.9).
      if (left <= 0 || !closings.has((error as { readonly code?: unknown } | null)?.code)) throw error;
    }
  }
}

function takeOnce(sql: RawSql, kind: LeaseKind): Promise<Lease> {
  // With `fetch_types: false`, `sql.reserve()` never settles if it opens the connection (3.4.9).
  if (!sql.options.fetch_types) return lockConnection(sql, kind);
  return new Promise((resolve, reject) => {
    let isOver = false;
    const grant = (lease: Lease): void => {
      if (isOver) return lease.release();
      isOver = true;
      stop();
      resolve(lease);
    };
    const fail = (error: unknown): void => {
      isOver = true;
      stop();
      reject(error);
    };
    // postgres.js forgets a waiting `sql.reserve()` when another connection of the pool closes (3.4.9).
    const stop = onClose(sql, () => void lockConnection(sql, kind).then(grant, fail));
    sql
      .reserve()
      .then((reserved) => {
        const { handler } = reserved.unsafe("");
        return new Lease(sql, { send: handler, giveBack: () => reserved.release() }, kind);
      })
      .then(grant, fail);
  });
}

const watchers = new WeakMap<RawSql, Set<() => void>>();

/** Calls `fn` after a connection of the pool has closed. Returns a function that ends this. */
function onClose(sql: RawSql, fn: () => void): () => void {
  let all = watchers.get(sql);
  if (all === undefined) {
    const called = new Set<() => void>();
    watchers.set(sql, (all = called));
    const { options } = sql;
    const own = options.onclose;
    options.onclose = (id) => {
      own?.(id);
      // The connection cannot be opened again before postgres.js has returned.
      for (const watcher of called) queueMicrotask(watcher);
    };
  }
  const watching = all;
  watching.add(fn);
  return () => void watching.delete(fn);
}

/** Takes the connection on which an empty statement has run, as `sql.begin()` takes that of its `BEGIN`. */
async function lockConnection(sql: RawSql, kind: LeaseKind): Promise<Lease> {
  for (;;) {
    let connection: RawConnection | undefined;
    const hold = Object.assign(() => {}, { release: true });
    const lock = emptyQuery(sql, (executing) => {
      connection = executing;
      executing.reserved = hold;
    });
    await new Promise<void>((resolve, reject) => {
      lock.resolve = () => resolve();
      lock.reject = reject;
      lock.handler(lock);
    });
    // postgres.js does not tell the connection when its socket is full.
    const taken = connection as RawConnection | undefined;
    if (taken === undefined) continue;
    const send = (query: RawQuery): void => void taken.execute(query);
    return new Lease(sql, { send, giveBack() {}, connection: taken }, kind);
  }
}
