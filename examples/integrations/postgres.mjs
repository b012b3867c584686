// @ts-check
// postgres.js: the statement of a cancelled operation is stopped on the server, and its transaction is rolled back.
import { Cancellable, moveOnAfter } from "@hother/cancelable";
import { cancellablePostgres } from "@hother/cancelable-integrations/postgres";
import postgres from "postgres";

const sql = cancellablePostgres(postgres(process.env.DATABASE_URL ?? "", { max: 1, onnotice: () => {} }));
await sql`drop table if exists postgres_visits`;
await sql`create table postgres_visits (page text)`;

// 1. The limit ends the statement on the server, which says so in its error.
const op = new Cancellable({ name: "report", timeout: 2_000 });
const outcome = await op.settle(async () => {
  try {
    return await sql`select pg_sleep(60)`;
  } catch (error) {
    console.log("the server:", /** @type {any} */ (error).cause?.message);
    throw error;
  }
});
console.log(op.label, outcome.status, op.context.cancelReason);

// 2. The transaction of a cancelled scope leaves nothing behind.
await moveOnAfter(500, () =>
  sql.begin(async (tx) => {
    await tx`insert into postgres_visits values ('home')`;
    await tx`select pg_sleep(60)`;
  }),
);
console.log("visits:", (await sql`select * from postgres_visits`).length);
await sql.end();

// prints:
// the server: canceling statement due to user request
// operation "report" cancelled timeout
// visits: 0
