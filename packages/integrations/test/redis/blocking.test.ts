import { Cancellable, cancellationOf, isCancellation, moveOnAfter, shield, sleep } from "@hother/cancelable";
import { createClient, createClientPool, createCluster, createSentinel } from "redis";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { AnswerLostError, cancellableRedis, StatementNotSentError } from "../../src/redis/index.ts";
import { cancelledBy } from "../database/redis/cancelled-by.ts";
import { startProxy } from "../servers/proxy.ts";
import { startRedis } from "../servers/redis.ts";

const server = await startRedis();
afterAll(() => server?.stop());

const open = new Set<{ destroy(): void }>();
function keep<C extends { destroy(): void }>(client: C): C {
  open.add(client);
  return client;
}
afterEach(() => {
  for (const client of open) client.destroy();
  open.clear();
});

describe.skipIf(server === undefined)("blocking commands of a client", () => {
  // Not read where the tests are skipped.
  const { url = "", ask = async () => "", blockedClients = async () => 0 } = server ?? {};

  async function client() {
    const made = keep(cancellableRedis(createClient({ url })));
    made.on("error", () => {}); // each test looks at its own command
    await made.connect();
    return made;
  }

  const blockedCommands: ReadonlyArray<
    readonly [name: string, run: (redis: Awaited<ReturnType<typeof client>>) => Promise<unknown>]
  > = [
    ["BLPOP", (redis) => redis.blPop("none", 0)],
    ["BRPOP", (redis) => redis.brPop("none", 0)],
    ["BLMOVE", (redis) => redis.blMove("none", "other", "LEFT", "RIGHT", 0)],
    ["BLMPOP", (redis) => redis.blmPop(0, "none", "LEFT")],
    ["BZPOPMIN", (redis) => redis.bzPopMin("none", 0)],
    ["BZMPOP", (redis) => redis.bzmPop(0, "none", "MIN")],
    ["XREAD BLOCK", (redis) => redis.xRead({ key: "stream", id: "$" }, { BLOCK: 0 })],
    [
      "XREADGROUP BLOCK",
      (redis) => redis.xReadGroup("group", "me", { key: "grouped", id: ">" }, { BLOCK: 0 }),
    ],
    ["WAIT", (redis) => redis.wait(3, 0)],
    ["BLPOP as a raw command", (redis) => redis.sendCommand(["blpop", "none", "0"])],
  ];

  test.each(blockedCommands)("%s ends, and its connection stays usable (RED-01)", async (_name, run) => {
    const redis = await client();
    await ask("XGROUP CREATE grouped group $ MKSTREAM");
    await redis.set("key", "value");
    const op = new Cancellable();
    const ending = op.settle(() => run(redis));
    await expect.poll(blockedClients).toBe(1);
    const id = await ask("CLIENT LIST");
    op.cancel("quota");
    const outcome = await ending;
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "quota" } });
    expect(await blockedClients()).toBe(0);
    expect(await redis.get("key")).toBe("value");
    expect(id).toContain(`id=${await redis.sendCommand(["CLIENT", "ID"])} `);
  });

  test("the rejection has the reason of the scope, and the server's answer as its cause", async () => {
    const redis = await client();
    const op = new Cancellable();
    const ending = op.settle(() => redis.blPop("none", 0).catch((error: unknown) => error));
    await expect.poll(blockedClients).toBe(1);
    op.cancel("quota", "enough");
    const outcome = await ending;
    if (outcome.status !== "completed") throw new Error("the body returns the error");
    expect(isCancellation(outcome.value, op)).toBe(true);
    expect(outcome.value).toMatchObject({ reason: "quota", message: "enough" });
    expect((outcome.value as Error).cause).toMatchObject({ message: expect.stringMatching(/^UNBLOCKED/) });
  });

  test("a value that was popped although the cancellation came is returned (RED-01)", async () => {
    const redis = await client();
    const pusher = keep(createClient({ url }));
    await pusher.connect();
    let values = 0;
    let cancelled = 0;
    for (let run = 0; run < 150; run++) {
      const op = new Cancellable();
      const ending = op.run(() => redis.blPop("race", 0)).catch((error: unknown) => error);
      await sleep(0);
      // Both requests reach the server in either order.
      const pushed = pusher.lPush("race", `${run}`);
      if (run % 3 > 0) await pusher.ping();
      op.cancel();
      await pushed;
      const result = await ending;
      if (cancellationOf(result) !== undefined) {
        cancelled++;
        expect(await redis.lPop("race")).toBe(`${run}`); // still in the list
      } else {
        values++;
        expect(result).toEqual({ key: "race", element: `${run}` });
      }
      expect(await redis.lLen("race")).toBe(0);
    }
    expect(values + cancelled).toBe(150);
    expect(values).toBeGreaterThan(0);
  });

  test("a request to end one command never hits the next blocking command of the connection (RED-01)", async () => {
    const redis = await client();
    const pusher = keep(createClient({ url }));
    await pusher.connect();
    for (let run = 0; run < 150; run++) {
      const op = new Cancellable();
      const first = op.run(() => redis.blPop("a", 0)).catch((error: unknown) => error);
      const second = redis.blPop("b", 0);
      await sleep(0);
      const pushed = pusher.lPush("a", "1");
      if (run % 2 === 0) await pushed;
      op.cancel();
      await first;
      await pusher.lPush("b", `${run}`);
      expect(await second).toEqual({ key: "b", element: `${run}` });
      await pusher.del("a");
    }
  });

  test("a command behind a blocking one is cancelled at once, and never sent", async () => {
    const redis = await client();
    const blocked = redis.blPop("none", 0).catch(() => "ended");
    await expect.poll(blockedClients).toBe(1);
    expect((await cancelledBy(() => redis.incr("counted"))).cause).toBeInstanceOf(StatementNotSentError);
    const order = Promise.all([
      redis.rPush("order", "1"),
      redis.multi().rPush("order", "2").exec(),
      redis.rPush("order", "3"),
    ]);
    await ask("LPUSH none value");
    expect(await blocked).toEqual({ key: "none", element: "value" });
    await order;
    expect(await redis.lRange("order", 0, -1)).toEqual(["1", "2", "3"]);
    expect(await redis.get("counted")).toBe(null);
  });

  test("a shield and code outside of a scope are not cancelled, and a cancelled scope sends nothing", async () => {
    const redis = await client();
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      op.cancel();
      await expect(redis.set("x", "1")).rejects.toBe(op.error);
      await expect(redis.multi().set("x", "1").exec()).rejects.toBe(op.error);
      await expect(redis.blPop("x", 0)).rejects.toBe(op.error);
      await shield(() => redis.set("shielded", "1"));
    });
    expect(outcome.status).toBe("completed");
    expect(await redis.mGet(["x", "shielded"])).toEqual([null, "1"]);
    const blocked = redis.blPop("outside", 0);
    await ask("LPUSH outside value");
    expect(await blocked).toEqual({ key: "outside", element: "value" });
  });

  test("a pool gets its client back in order, and a call that waits for one ends at once", async () => {
    const pool = keep(
      cancellableRedis(createClientPool({ url }, { minimum: 1, maximum: 1, acquireTimeout: 0 })),
    );
    await pool.connect();
    const op = new Cancellable();
    const ending = op.settle(() => pool.blPop("none", 0));
    await expect.poll(blockedClients).toBe(1);
    const waiting = Array.from({ length: 20 }, () => moveOnAfter(5, () => pool.incr("pooled")));
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 20 }));
    op.cancel();
    expect((await ending).status).toBe("cancelled");
    expect(await pool.get("pooled")).toBe(null);
    expect(await pool.execute(async (member) => member.set("pooled", "1"))).toBe("OK");
    expect([pool.totalClients, pool.idleClients]).toEqual([1, 1]);
  });

  test("a pipeline with a blocking command ends, and the connection stays usable", async () => {
    const redis = await client();
    const op = new Cancellable();
    const ending = op.settle(() =>
      redis.multi().set("first", "1").blPop("none", 0).blPop("none", 0).execAsPipeline(),
    );
    await expect.poll(blockedClients).toBe(1);
    op.cancel();
    expect((await ending).status).toBe("cancelled");
    expect(await redis.get("first")).toBe("1");
    expect(await blockedClients()).toBe(0);
  });

  test("commands end within 50 ms of their cancellation, but where the machine stalls (RED-01)", async () => {
    const redis = await client();
    const times: number[] = [];
    for (let run = 0; run < 20; run++) {
      const op = new Cancellable();
      const ending = op.settle(() => redis.blPop("none", 0));
      await expect.poll(blockedClients, { interval: 2 }).toBe(1);
      const began = performance.now();
      op.cancel();
      await ending;
      times.push(performance.now() - began);
    }
    expect(times.sort((a, b) => a - b)[10]).toBeLessThan(50);
  });

  test("of many blocking commands on a pool half are cancelled near their end: no wrong victim, and the pool is whole", async () => {
    const pool = keep(cancellableRedis(createClientPool({ url }, { maximum: 5, acquireTimeout: 0 })));
    await pool.connect();
    const pusher = keep(createClient({ url }));
    await pusher.connect();
    const calls = Array.from({ length: 60 }, async (_, i) => {
      const op = new Cancellable();
      const ending = op.settle(() => pool.blPop(`many-${i}`, 0));
      await pusher.lPush(`many-${i}`, `${i}`);
      if (i % 2 === 0) op.cancel();
      const outcome = await ending;
      if (outcome.status === "completed")
        expect(outcome.value).toEqual({ key: `many-${i}`, element: `${i}` });
      else expect([outcome.status, i % 2, await pusher.lPop(`many-${i}`)]).toEqual(["cancelled", 0, `${i}`]);
    });
    await Promise.all(calls);
    expect(pool.clientsInUse).toBe(0);
    expect(await blockedClients()).toBe(0);
    expect(await Promise.all(Array.from({ length: 20 }, () => pool.ping()))).toHaveLength(20);
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
    const redis = await client();
    await blockAndCancel(() => redis.blPop("none", 0));
    expect(await count()).toBe(3);
    await redis.close();
    await expect.poll(count).toBe(1);
  });
});

describe.skipIf(server === undefined)("a connection that is not there", () => {
  const { url = "", host = "", port = 0, blockedClients = async () => 0 } = server ?? {};

  test("a command that waits for a connection is cancelled at once, and is not sent later (RED-02)", async () => {
    const proxy = await startProxy({ host, port });
    const redis = keep(
      cancellableRedis(createClient({ socket: { host, port: proxy.port, reconnectStrategy: 50 } })),
    );
    redis.on("error", () => {}); // the connection is cut
    await redis.connect();
    proxy.freeze();
    proxy.cut();
    await expect.poll(() => redis.isReady).toBe(false);
    for (const call of [
      () => redis.set("late", "1"),
      () => redis.multi().set("late", "1").exec(),
      () => redis.blPop("late", 0),
    ]) {
      expect((await cancelledBy(call)).cause).toBeInstanceOf(StatementNotSentError);
    }
    proxy.thaw();
    await expect.poll(() => redis.isReady).toBe(true);
    expect(await redis.get("late")).toBe(null);
    await proxy.stop();
  });

  test("a client that dies during the cancellation keeps its error, and nothing is sent again (RED-02)", async () => {
    const proxy = await startProxy({ host, port });
    const redis = keep(
      cancellableRedis(createClient({ socket: { host, port: proxy.port, reconnectStrategy: 20 } })),
    );
    redis.on("error", () => {}); // the connection is cut
    await redis.connect();
    const op = new Cancellable();
    const ending = op.settle(() => redis.blPop("none", 0));
    await expect.poll(blockedClients).toBe(1);
    proxy.freeze();
    op.cancel();
    proxy.cut();
    expect(await ending).toMatchObject({
      status: "failed",
      error: { message: expect.stringMatching(/closed/i) },
    });
    proxy.thaw();
    await expect.poll(() => redis.isReady).toBe(true);
    expect(await redis.ping()).toBe("PONG");
    await expect.poll(blockedClients).toBe(0);
    await proxy.stop();
  });

  test("an answer that does not come is given up after the limit, and a blocked connection is replaced", async () => {
    const proxy = await startProxy({ host, port });
    const options = { socket: { host, port: proxy.port, reconnectStrategy: 20 } };
    const redis = keep(cancellableRedis(createClient(options), { cancelTimeout: 100 }));
    redis.on("error", () => {}); // the connection is replaced
    await redis.connect();
    const blocked = new Cancellable();
    const ending = blocked.settle(() => redis.blPop("none", 0));
    await expect.poll(blockedClients).toBe(1);
    proxy.freeze();
    blocked.cancel();
    expect((await ending).status).toBe("cancelled");
    proxy.thaw();
    await expect.poll(() => redis.isReady).toBe(true);
    await expect.poll(blockedClients).toBe(0);
    proxy.freeze();
    const op = new Cancellable();
    const setting = op.run(() => redis.set("frozen", "1").catch((error: unknown) => error));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve))); // the command was written
    op.cancel("quota");
    expect((await setting) as Error).toMatchObject({ reason: "quota", cause: expect.any(AnswerLostError) });
    proxy.thaw();
    expect(await redis.get("frozen")).toBe("1");
    await proxy.stop();
    expect(url).not.toBe("");
  });
});

describe.skipIf(server === undefined)("a user without the right to end commands", () => {
  const { url = "", ask = async () => "", blockedClients = async () => 0 } = server ?? {};

  test("the connection of a blocking command is replaced, and the cancellation tells why", async () => {
    await ask("ACL SETUSER limited on >secret ~* +@all -client|unblock");
    const options = { url, username: "limited", password: "secret" };
    const redis = keep(cancellableRedis(createClient(options), { cancelTimeout: 100 }));
    redis.on("error", () => {}); // the connection is replaced
    await redis.connect();
    const op = new Cancellable();
    const ending = op.run(() => redis.blPop("none", 0).catch((error: unknown) => error));
    await expect.poll(blockedClients).toBe(1);
    op.cancel("quota");
    expect(await ending).toMatchObject({ reason: "quota", cause: expect.any(Error) });
    expect(await redis.ping()).toBe("PONG");
    await expect.poll(blockedClients).toBe(0);
  });
});

describe.skipIf(server === undefined)("RESP 2", () => {
  const { url = "", blockedClients = async () => 0 } = server ?? {};

  test("blocking commands end there, too (RED-01)", async () => {
    const redis = keep(cancellableRedis(createClient({ url, RESP: 2 })));
    await redis.connect();
    const op = new Cancellable();
    const ending = op.settle(() => redis.blPop("none", 0));
    await expect.poll(blockedClients).toBe(1);
    op.cancel();
    expect((await ending).status).toBe("cancelled");
    expect(await redis.ping()).toBe("PONG");
    expect(await blockedClients()).toBe(0);
  });
});

describe.skipIf(server === undefined)("other commands", () => {
  const { url = "", ask = async () => "" } = server ?? {};

  test("subscriptions, scripts and failures work as before", async () => {
    const redis = keep(cancellableRedis(createClient({ url })));
    await redis.connect();
    const subscriber = keep(redis.duplicate());
    await subscriber.connect();
    const messages: string[] = [];
    const op = new Cancellable();
    await op.run(async () => {
      await subscriber.subscribe("news", (message) => messages.push(message));
      expect(
        await redis.eval("return redis.call('INCR', KEYS[1])", { keys: ["script"], arguments: [] }),
      ).toBe(1);
      await expect(redis.hGet("script", "field")).rejects.toThrow("WRONGTYPE");
    });
    const cancelled = new Cancellable();
    const copy = keep(subscriber.duplicate());
    await copy.connect();
    const ending = cancelled.settle(() => copy.blPop("none", 0));
    await expect.poll(() => ask("INFO clients")).toContain("blocked_clients:1");
    cancelled.cancel();
    expect((await ending).status).toBe("cancelled");
    await redis.publish("news", "still here");
    await expect.poll(() => messages).toEqual(["still here"]);
  });

  test("the answer to a command that was sent is returned in a cancelled scope", async () => {
    const redis = keep(cancellableRedis(createClient({ url })));
    await redis.connect();
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      const counting = redis.incr("answered");
      setImmediate(() => setImmediate(() => op.cancel())); // the command was written
      return counting;
    });
    expect(outcome).toEqual({ status: "completed", value: 1 });
    expect(await redis.get("answered")).toBe("1");
  });

  test("the abort signal of the caller works as before", async () => {
    const redis = keep(cancellableRedis(createClient({ url })));
    await redis.connect();
    const own = new AbortController();
    const op = new Cancellable();
    const outcome = await op.settle(() => {
      const setting = redis.withAbortSignal(own.signal).set("own", "1");
      own.abort();
      return setting;
    });
    expect(outcome).toMatchObject({ status: "failed", error: { message: "The command was aborted" } });
  });

  test("refuses wrong arguments", () => {
    const wrong = (value: unknown): never => value as never;
    expect(() => cancellableRedis(wrong({}))).toThrow("client must be a client or a pool of node-redis");
    expect(() => cancellableRedis(wrong(undefined))).toThrow("client must be");
    expect(() => cancellableRedis(wrong(createCluster({ rootNodes: [{ url }] })))).toThrow("client must be");
    const sentinel = createSentinel({ name: "main", sentinelRootNodes: [{ host: "127.0.0.1", port: 1 }] });
    expect(() => cancellableRedis(wrong(sentinel))).toThrow("client must be");
    const redis = createClient({ url });
    expect(() => cancellableRedis(redis, wrong({ canceltimeout: 1 }))).toThrow("did you mean cancelTimeout?");
    expect(() => cancellableRedis(redis, { cancelTimeout: 0 })).toThrow("options.cancelTimeout");
    cancellableRedis(redis);
    expect(() => cancellableRedis(redis)).toThrow("has not got before");
  });
});
