// @ts-check
// Drizzle: its queries belong to the operation in which they are awaited.
import { Cancellable } from "@hother/cancelable";
import { cancellableDrizzle } from "@hother/cancelable-integrations/drizzle";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import pg from "pg";

const orders = pgTable("drizzle_orders", { id: integer().primaryKey(), item: text() });
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const db = cancellableDrizzle(drizzle(pool));
await db.execute(sql`drop table if exists drizzle_orders`);
await db.execute(sql`create table drizzle_orders (id int primary key, item text)`);
await db.insert(orders).values({ id: 1, item: "book" });

// 1. The limit ends the statement on the server.
const report = new Cancellable({ name: "report", timeout: 50 });
const slow = await report.settle(() => db.execute(sql`select pg_sleep(60)`));
console.log(report.label, slow.status, report.context.cancelReason);

// 2. A cancelled operation sends nothing.
const late = new Cancellable({ name: "late" });
const outcome = await late.settle(async () => {
  late.cancel("disconnect", "the client has gone");
  await db.insert(orders).values({ id: 2, item: "pen" });
});
console.log(late.label, outcome.status, "-", late.context.cancelMessage);
console.log("stored:", (await db.select().from(orders)).map(({ item }) => item).join());
await pool.end();

// prints:
// operation "report" cancelled timeout
// operation "late" cancelled - the client has gone
// stored: book
