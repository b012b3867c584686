import { Cancellable, cancellationOf, isCancellation, shield, sleep } from "@hother/cancelable";
import { Redis, type RedisOptions } from "ioredis";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { AnswerLostError, cancellableIORedis, StatementNotSentError } from "../../src/ioredis/index.ts";
import { cancelledBy } from "../database/redis/cancelled-by.ts";
import { startProxy } from "../servers/proxy.ts";
import { startRedis } from "../servers/redis.ts";

const server = await startRedis();
afterAll(() => server?.stop());

const open = new Set<Redis>();
afterEach(() => {
  for (const client of open) client.disconnect();
  open.clear();
});

/** A client that is closed after the test. */
function plain(options: RedisOptions = {}): Redis {
  const { host = "", port = 0 } = server ?? {};
  // Two types of the same options, of which one allows `undefined`.
  const client = new Redis(options.port ?? port, host, options as object);
  client.on("error", () => {}); // each test looks at its own command
  open.add(client);
  return client;
}

const connect = (options?: RedisOptions): Redis => cancellableIORedis(plain(options));

/** A status that a client has for a short time can be missed by a poll. Fulfilled when `redis` gets it the next time. */
const next = (redis: Redis, status: "reconnecting" | "ready"): Promise<void> =>
  new Promise((resolve) => redis.once(status, () => resolve()));

describe.skipIf(server === undefined)("blocking commands of a client", () => {
  // Not read where the tests are skipped.
  const { ask = async () => "", blockedClients = async () => 0 } = server ?? {};

  const blockedCommands: ReadonlyArray<readonly [name: string, run: (redis: Redis) => Promise<unknown>]> = [
    ["BLPOP", (redis) => redis.blpop("none", 0)],
    ["BRPOP", (redis) => redis.brpop("none", 0)],
    ["BLMOVE", (redis) => redis.blmove("none", "other", "LEFT", "RIGHT", 0)],
    ["BLMPOP", (redis) => redis.blmpop(0, 1, "none", "LEFT")],
    ["BZPOPMIN", (redis) => redis.bzpopmin("none", 0)],
    ["BZMPOP", (redis) => redis.bzmpop(0, 1, "none", "MIN")],
    ["XREAD BLOCK", (redis) => redis.xread("BLOCK", 0, "STREAMS", "stream", "$")],
    [
      "XREADGROUP BLOCK",
      (redis) => redis.xreadgroup("GROUP", "group", "me", "BLOCK", 0, "STREAMS", "grouped", ">"),
    ],
    ["WAIT", (redis) => redis.wait(3, 0)],
    ["BLPOP as a raw command", (redis) => redis.call("BLPOP", "none", "0")],
  ];

  test.each(blockedCommands)("%s ends, and its connection stays usable (RED-01)", async (_name, run) => {
    const redis = connect();
    await ask("XGROUP CREATE grouped group $ MKSTREAM");
    await redis.set("key", "value");
    const op = new Cancellable();
    const ending = op.run(() => run(redis).catch((error: unknown) => error));
    await expect.poll(blockedClients).toBe(1);
    const clients = await ask("CLIENT LIST");
    op.cancel("quota");
    const error = await ending;
    expect(isCancellation(error, op)).toBe(true);
    expect(error).toMatchObject({
      reason: "quota",
      cause: { message: expect.stringMatching(/^UNBLOCKED/) },
    });
    expect(await blockedClients()).toBe(0);
    expect(await redis.get("key")).toBe("value");
    expect(clients).toContain(`id=${await redis.client("ID")} `);
  });

  test("a value that was popped although the cancellation came is returned (RED-01)", async () => {
    const redis = connect();
    const pusher = plain();
    let values = 0;
    for (let run = 0; run < 150; run++) {
      const op = new Cancellable();
      const ending = op.run(() => redis.blpop("race", 0)).catch((error: unknown) => error);
      await sleep(0);
      // Both requests reach the server in either order.
      const pushed = pusher.lpush("race", `${run}`);
      if (run % 3 > 0) await pusher.ping();
      op.cancel();
      await pushed;
      const result = await ending;
      if (cancellationOf(result) !== undefined)
        expect(await redis.lpop("race")).toBe(`${run}`); // still in the list
      else {
        values++;
        expect(result).toEqual(["race", `${run}`]);
      }
      expect(await redis.llen("race")).toBe(0);
    }
    expect(values).toBeGreaterThan(0);
  });

  test("a request to end one command never hits the next blocking command of the connection (RED-01)", async () => {
    const redis = connect();
    const pusher = plain();
    for (let run = 0; run < 150; run++) {
      const op = new Cancellable();
      const first = op.run(() => redis.blpop("a", 0)).catch((error: unknown) => error);
      const second = redis.blpop("b", 0);
      await sleep(0);
      const pushed = pusher.lpush("a", "1");
      if (run % 2 === 0) await pushed;
      op.cancel();
      await first;
      await pusher.lpush("b", `${run}`);
      expect(await second).toEqual(["b", `${run}`]);
      await pusher.del("a");
    }
  });

  test("a command behind a blocking one is cancelled at once, and never sent", async () => {
    const redis = connect();
    const blocked = redis.blpop("none", 0);
    await expect.poll(blockedClients).toBe(1);
    expect((await cancelledBy(() => redis.incr("counted"))).cause).toBeInstanceOf(StatementNotSentError);
    const order = Promise.all([
      redis.rpush("order", "1"),
      redis.multi().rpush("order", "2").exec(),
      redis.pipeline().rpush("order", "3").exec(),
      redis.rpush("order", "4"),
    ]);
    await ask("LPUSH none value");
    expect(await blocked).toEqual(["none", "value"]);
    await order;
    expect(await redis.lrange("order", 0, -1)).toEqual(["1", "2", "3", "4"]);
    expect(await redis.get("counted")).toBe(null);
  });

  test("a shield and code outside of a scope are not cancelled, and a cancelled scope sends nothing", async () => {
    const redis = connect();
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      op.cancel();
      await expect(redis.set("x", "1")).rejects.toBe(op.error);
      await expect(redis.multi().set("x", "1").exec()).rejects.toBe(op.error);
      await expect(redis.pipeline().set("x", "1").exec()).rejects.toBe(op.error);
      await expect(redis.blpop("x", 0)).rejects.toBe(op.error);
      await shield(() => redis.set("shielded", "1"));
    });
    expect(outcome.status).toBe("completed");
    expect(await redis.mget("x", "shielded")).toEqual([null, "1"]);
    const blocked = redis.blpop("outside", 0);
    await ask("LPUSH outside value");
    expect(await blocked).toEqual(["outside", "value"]);
  });

  test("a pipeline with blocking commands ends, and has the answers of the server", async () => {
    const redis = connect();
    const op = new Cancellable();
    const ending = op.run(() => redis.pipeline().set("first", "1").blpop("none", 0).blpop("none", 0).exec());
    await expect.poll(blockedClients).toBe(1);
    op.cancel();
    const unblocked = [expect.objectContaining({ message: expect.stringMatching(/^UNBLOCKED/) })];
    expect(await ending).toEqual([[null, "OK"], unblocked, unblocked]);
    expect(await blockedClients()).toBe(0);
  });

  test("commands end within 50 ms of their cancellation, but where the machine stalls (RED-01)", async () => {
    const redis = connect();
    const times: number[] = [];
    for (let run = 0; run < 20; run++) {
      const op = new Cancellable();
      const ending = op.settle(() => redis.blpop("none", 0));
      await expect.poll(blockedClients, { interval: 2 }).toBe(1);
      const began = performance.now();
      op.cancel();
      await ending;
      times.push(performance.now() - began);
    }
    expect(times.sort((a, b) => a - b)[10]).toBeLessThan(50);
  });

  async function blockAndCancel(call: () => Promise<unknown>): Promise<void> {
    const op = new Cancellable();
    const ending = op.settle(call);
    await expect.poll(blockedClients).toBe(1);
    op.cancel();
    await ending;
  }

  test("no connection is left when the client has ended", async () => {
    const count = async (): Promise<number> =>
      Number(/^connected_clients:(\d+)/m.exec(await ask("INFO clients"))?.[1]);
    await expect.poll(count).toBe(1); // that of the question
    const redis = connect();
    await blockAndCancel(() => redis.blpop("none", 0));
    await expect.poll(count).toBe(3);
    await redis.quit();
    await expect.poll(count).toBe(1);
  });
});

describe.skipIf(server === undefined)("a connection that is not there", () => {
  const { host = "", port = 0, blockedClients = async () => 0 } = server ?? {};

  test("a blocking command that was cancelled is not sent again after a reconnect (RED-02)", async () => {
    const proxy = await startProxy({ host, port });
    const redis = connect({ port: proxy.port, retryStrategy: () => 200 });
    const op = new Cancellable();
    const ending = op.run(() => redis.blpop("again", 0).catch((error: unknown) => error));
    const kept = redis.duplicate();
    open.add(kept);
    const keptCommand = kept.blpop("kept", 0);
    await expect.poll(blockedClients).toBe(2);
    const lost = next(redis, "reconnecting");
    proxy.cut();
    await lost;
    op.cancel();
    expect(await ending).toMatchObject({ reason: "manual", cause: expect.any(AnswerLostError) });
    await expect.poll(() => redis.status).toBe("ready");
    await redis.rpush("again", "1");
    await redis.rpush("kept", "1");
    expect(await redis.llen("again")).toBe(1); // no client waits for this list
    expect(await keptCommand).toEqual(["kept", "1"]); // ioredis has sent the other one again
    await proxy.stop();
  });

  test("disconnect(true) in the moment of the cancellation sends nothing again (RED-02)", async () => {
    const redis = connect({ retryStrategy: () => 20 });
    const op = new Cancellable();
    const ending = op.settle(() => redis.blpop("twice", 0));
    await expect.poll(blockedClients).toBe(1);
    op.cancel();
    redis.disconnect(true);
    expect((await ending).status).toBe("cancelled");
    expect(await redis.rpush("twice", "1")).toBe(1);
    expect(await redis.llen("twice")).toBe(1);
    expect(await blockedClients()).toBe(0);
  });

  test("a blocking command that ioredis has sent again is cancelled on its new connection", async () => {
    const redis = connect({ retryStrategy: () => 1, db: 3 });
    const op = new Cancellable();
    const ending = op.settle(() => redis.blpop("moved", 0));
    await expect.poll(blockedClients).toBe(1);
    const again = next(redis, "ready");
    redis.disconnect(true);
    await again;
    await expect.poll(blockedClients).toBe(1);
    op.cancel();
    expect((await ending).status).toBe("cancelled");
    expect(await blockedClients()).toBe(0);
    expect(await redis.client("INFO")).toContain("db=3");
  });

  test("a command that waits for a connection is cancelled at once, and is not sent later (RED-02)", async () => {
    const proxy = await startProxy({ host, port });
    const redis = connect({ port: proxy.port, retryStrategy: () => 50, maxRetriesPerRequest: null });
    await redis.ping();
    const lost = next(redis, "reconnecting");
    proxy.freeze();
    proxy.cut();
    await lost;
    for (const call of [
      () => redis.set("late", "1"),
      () => redis.multi().set("late", "1").exec(),
      () => redis.pipeline().set("late", "1").exec(),
      () => redis.blpop("late", 0),
    ]) {
      expect((await cancelledBy(call)).cause).toBeInstanceOf(StatementNotSentError);
    }
    proxy.thaw();
    expect(await redis.get("late")).toBe(null);
    await proxy.stop();
  });

  test("an answer that does not come is given up after the limit, and a blocked connection is replaced", async () => {
    const proxy = await startProxy({ host, port });
    const redis = cancellableIORedis(plain({ port: proxy.port, retryStrategy: () => 20 }), {
      cancelTimeout: 100,
    });
    const blocked = new Cancellable();
    const ending = blocked.settle(() => redis.blpop("none", 0));
    await expect.poll(blockedClients).toBe(1);
    proxy.freeze();
    blocked.cancel();
    const again = next(redis, "ready");
    expect((await ending).status).toBe("cancelled");
    proxy.thaw();
    await again;
    await expect.poll(blockedClients).toBe(0);
    proxy.freeze();
    const op = new Cancellable();
    const setting = op.run(() => redis.set("frozen", "1").catch((error: unknown) => error));
    op.cancel("quota");
    expect(await setting).toMatchObject({ reason: "quota", cause: expect.any(AnswerLostError) });
    proxy.thaw();
    expect(await redis.get("frozen")).toBe("1");
    await proxy.stop();
  });
});

describe.skipIf(server === undefined)("other commands", () => {
  test("subscriptions, scripts, callbacks and failures work as before", async () => {
    const redis = connect();
    redis.defineCommand("count", { numberOfKeys: 1, lua: "return redis.call('INCR', KEYS[1])" });
    const count = (redis as unknown as { count(key: string): Promise<number> }).count.bind(redis); // defined above
    const subscriber = redis.duplicate();
    open.add(subscriber);
    const messages: string[] = [];
    subscriber.on("message", (_channel, message) => messages.push(message));
    await new Cancellable().run(async () => {
      expect(await subscriber.subscribe("news")).toBe(1);
      expect(await count("script")).toBe(1);
      await expect(redis.hget("script", "field")).rejects.toThrow("WRONGTYPE");
      await expect(redis.multi().incr("script").hget("script", "field").exec()).resolves.toHaveLength(2);
      expect(await new Promise((resolve) => redis.get("script", (_error, value) => resolve(value)))).toBe(
        "2",
      );
      expect(await redis.getBuffer("script")).toEqual(Buffer.from("2"));
    });
    await redis.publish("news", "still here");
    await expect.poll(() => messages).toEqual(["still here"]);
  });

  test("the answer to a command that was sent is returned in a cancelled scope", async () => {
    const redis = connect();
    await redis.ping();
    const op = new Cancellable();
    const outcome = await op.settle(() => {
      const counting = redis.incr("answered");
      op.cancel();
      return counting;
    });
    expect(outcome).toEqual({ status: "completed", value: 1 });
  });

  test("a client that connects in an operation works after the end of this operation", async () => {
    const redis = connect({ lazyConnect: true, retryStrategy: () => 1 });
    const op = new Cancellable();
    await op.settle(async () => {
      await redis.ping();
      op.cancel();
      await sleep(0);
    });
    redis.disconnect(true);
    expect(await redis.ping()).toBe("PONG");
  });

  test("refuses wrong arguments", () => {
    const wrong = (value: unknown): never => value as never;
    expect(() => cancellableIORedis(wrong({}))).toThrow("client must be a client of ioredis");
    expect(() => cancellableIORedis(wrong(undefined))).toThrow("client must be");
    const lazy = (options?: RedisOptions): Redis => plain({ lazyConnect: true, ...options });
    expect(() => cancellableIORedis(lazy({ enableAutoPipelining: true }))).toThrow("enableAutoPipelining");
    expect(() => cancellableIORedis(lazy(), { cancelTimeout: -1 })).toThrow("options.cancelTimeout");
    const redis = cancellableIORedis(lazy());
    expect(() => cancellableIORedis(redis)).toThrow("has not got before");
  });
});
