// @ts-check
// A query of better-sqlite3 that never ends is stopped at its limit, and the database stays usable.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { moveOnAfter } from "@hother/cancelable";
import { openDatabase } from "@hother/cancelable-integrations/better-sqlite3";

const folder = await mkdtemp(join(tmpdir(), "sqlite-"));
const db = await openDatabase(join(folder, "shop.db"));
await db.exec("create table orders (id integer primary key, item text)");
await db.run("insert into orders (item) values (?)", ["book"]);

const endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n";
console.log("endless:", await moveOnAfter(50, () => db.get(endless)));
console.log("orders:", (await db.all("select item from orders")).map(({ item }) => item).join());
await db.close();
await rm(folder, { recursive: true });

// prints:
// endless: undefined
// orders: book
