import { readFile } from "node:fs";
import { readCursor } from "./cursor.ts";
import {
  type BasicSql,
  type CursorFunction,
  cancelledByUser,
  type RawQuery,
  type RawSql,
} from "./raw-sql.ts";

/**
 * Makes an `sql` whose queries are given to `run` when they are first awaited, in the async context of the `await`. Everything
 * else is that of postgres.js.
 */
export function makeSql(raw: RawSql, run: (query: RawQuery) => void): BasicSql {
  const adopt = (made: unknown): unknown => {
    if (!(made instanceof Promise)) return made; // an identifier, or values
    const query = made as RawQuery;
    const { cursor, canceller } = query;
    let isCancelled = false;
    // With the one of postgres.js, the connection would wait for ever for a query that is never sent.
    query.canceller = () => {
      isCancelled = true;
      query.reject(cancelledByUser());
    };
    const start = (): void => {
      if (isCancelled) return;
      query.canceller = canceller;
      run(query);
    };
    query.handler = Object.assign(start, { debug: raw.options.debug }); // postgres.js looks at `debug` of the handler
    query.cursor = ((size: number | CursorFunction = 1, fn?: CursorFunction) =>
      typeof size === "function" || fn !== undefined
        ? Reflect.apply(cursor, query, [size, fn])
        : readCursor(query, size, raw.CLOSE)) as RawQuery["cursor"];
    return query;
  };
  const sql = (first: unknown, ...rest: unknown[]): unknown => adopt(raw(first, ...rest));
  return Object.assign(sql, {
    types: raw.types,
    typed: raw.typed,
    array: raw.array,
    json: raw.json,
    unsafe: (text: string, ...rest: unknown[]) => adopt(raw.unsafe(text, ...rest)) as RawQuery,
    file(path: unknown, ...rest: unknown[]) {
      const query = adopt(raw.file(path, ...rest)) as RawQuery;
      const { handler } = query;
      query.handler = Object.assign(
        () =>
          readFile(path as string, "utf8", (error, text) => {
            if (error) return query.reject(error);
            query.strings = [text];
            handler(query);
          }),
        { debug: raw.options.debug },
      );
      return query;
    },
    async notify(channel: string, payload: string) {
      return (await sql`select pg_notify(${channel}, ${`${payload}`})`) as unknown;
    },
  });
}
