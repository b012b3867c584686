// @ts-check
// Kysely: a cancelled transaction is rolled back, and the server stops its statement.
import { moveOnAfter } from "@hother/cancelable";
import { cancellableDialect } from "@hother/cancelable-integrations/kysely";
import { cancellablePool } from "@hother/cancelable-integrations/pg";
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 1 });
/** @type {Kysely<{ kysely_visits: { page: string } }>} */
const db = new Kysely({
  dialect: cancellableDialect(new PostgresDialect({ pool: cancellablePool(pool) })),
});
await sql`drop table if exists kysely_visits`.execute(db);
await sql`create table kysely_visits (page text)`.execute(db);

await db.insertInto("kysely_visits").values({ page: "home" }).execute();
const result = await moveOnAfter(50, () =>
  db.transaction().execute(async (trx) => {
    await trx.insertInto("kysely_visits").values({ page: "basket" }).execute();
    await sql`select pg_sleep(60)`.execute(trx);
    return "complete";
  }),
);
console.log("transaction:", result);

// The only connection of the pool is usable.
const visits = await db.selectFrom("kysely_visits").selectAll().execute();
console.log("visits:", visits.map(({ page }) => page).join());
await db.destroy();

// prints:
// transaction: undefined
// visits: home
