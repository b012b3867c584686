// @ts-check
// node-redis: a command that blocks ends with its operation, and the connection is usable again.
import { Cancellable, moveOnAfter } from "@hother/cancelable";
import { cancellableRedis } from "@hother/cancelable-integrations/redis";
import { createClient } from "redis";

const client = cancellableRedis(createClient({ url: process.env.REDIS_URL ?? "redis://127.0.0.1:6379" }));
await client.connect();
const list = `redis-example-${process.pid}`;

// 1. No job comes within 50 ms.
console.log("job:", await moveOnAfter(50, () => client.blPop(list, 0)));

// 2. No job is lost: the one that comes later goes to the next reader.
await client.rPush(list, "resize");
console.log("job:", (await client.blPop(list, 0))?.element);

// 3. A cancelled operation sends nothing.
const op = new Cancellable({ name: "late" });
const outcome = await op.settle(async () => {
  op.cancel("disconnect", "the client has gone");
  await client.set(list, "never");
});
console.log(op.label, outcome.status, "- stored:", await client.get(list));
await client.close();

// prints:
// job: undefined
// job: resize
// operation "late" cancelled - stored: null
