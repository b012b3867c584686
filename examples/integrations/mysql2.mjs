// @ts-check
// MariaDB and MySQL stop the statement of a cancelled operation, and a transaction is rolled back.
import { Cancellable, moveOnAfter } from "@hother/cancelable";
import { cancellableMysql2, withTransaction } from "@hother/cancelable-integrations/mysql2";
import mysql from "mysql2/promise";

const pool = cancellableMysql2(mysql.createPool(process.env.MYSQL_URL ?? ""));
await pool.query("drop table if exists orders");
await pool.query("create table orders (item text) engine = InnoDB");

const report = new Cancellable({ name: "report", timeout: 100 });
const outcome = await report.settle(() => pool.query("select sleep(60)"));
console.log(report.label, outcome.status, report.context.cancelReason);

await withTransaction(pool, (connection) => connection.execute("insert into orders values (?)", ["book"]));
const gift = await moveOnAfter(100, () =>
  withTransaction(pool, async (connection) => {
    await connection.execute("insert into orders values (?)", ["gift"]);
    await connection.query("select sleep(60)");
    return "stored";
  }),
);
console.log("gift:", gift);
const [rows] = await pool.query("select item from orders");
console.log("stored:", JSON.stringify(rows));
await pool.end();

// prints:
// operation "report" cancelled timeout
// gift: undefined
// stored: [{"item":"book"}]
