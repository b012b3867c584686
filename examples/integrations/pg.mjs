// @ts-check
// PostgreSQL stops the statement of a cancelled operation, and a transaction is rolled back.
import { Cancellable, moveOnAfter } from "@hother/cancelable";
import { cancellablePool, withTransaction } from "@hother/cancelable-integrations/pg";
import pg from "pg";

const raw = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const pool = cancellablePool(raw);
await pool.query("drop table if exists pg_orders");
await pool.query("create table pg_orders (item text)");

// 1. The limit ends the statement on the server. The connection is free again.
const report = new Cancellable({ name: "report", timeout: 50 });
const outcome = await report.settle(() => pool.query("select pg_sleep(60)"));
console.log(report.label, outcome.status, report.context.cancelReason);
console.log("free connections:", raw.idleCount, "of", raw.totalCount);

// 2. A transaction. A limit for one part undoes its statements, and the rest is stored.
await withTransaction(raw, async (client) => {
  await client.query("insert into pg_orders values ('book')");
  const gift = await moveOnAfter(50, () =>
    withTransaction(client, async (inner) => {
      await inner.query("insert into pg_orders values ('gift')");
      await inner.query("select pg_sleep(60)");
    }),
  );
  console.log("gift:", gift);
});
const { rows } = await pool.query("select item from pg_orders");
console.log("stored:", rows.map(({ item }) => item).join());
await raw.end();

// prints:
// operation "report" cancelled timeout
// free connections: 1 of 1
// gift: undefined
// stored: book
