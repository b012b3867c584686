// @ts-check
// ioredis: a command that blocks ends with its operation, and the connection is usable again.
import { Cancellable, moveOnAfter } from "@hother/cancelable";
import { cancellableIORedis } from "@hother/cancelable-integrations/ioredis";
import { Redis } from "ioredis";

const redis = cancellableIORedis(new Redis(process.env.REDIS_URL ?? "redis://127.0.0.1:6379"));
const list = `ioredis-example-${process.pid}`;

// 1. No job comes within 50 ms.
console.log("job:", await moveOnAfter(50, () => redis.blpop(list, 0)));

// 2. No job is lost: the one that comes later goes to the next reader.
await redis.rpush(list, "resize");
console.log("job:", (await redis.blpop(list, 0))?.[1]);

// 3. A cancelled operation sends nothing.
const op = new Cancellable({ name: "late" });
const outcome = await op.settle(async () => {
  op.cancel("disconnect", "the client has gone");
  await redis.set(list, "never");
});
console.log(op.label, outcome.status, "- stored:", await redis.get(list));
await redis.quit();

// prints:
// job: undefined
// job: resize
// operation "late" cancelled - stored: null
