import {
  Cancellable,
  CancelScope,
  failAfter,
  getBackend,
  isCancellation,
  moveOnAfter,
  type Outcome,
  sleep,
  sleepForever,
} from "@hother/cancelable";
import { type Document, MongoClient } from "mongodb";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { cancellableMongo } from "../../src/mongodb/index.ts";
import { startMongoStandIn } from "../servers/mongo-stand-in.ts";

const server = await startMongoStandIn();
const client = cancellableMongo(new MongoClient(server.url));
const orders = client.db().collection("orders");

/** The error of an operation, if it has one. */
const errorOf = (outcome: Outcome<unknown>): unknown =>
  outcome.status === "completed" ? undefined : outcome.error;

afterEach(() => server.reset());
afterAll(() => client.close());

const documents = (count: number): Document[] => Array.from({ length: count }, (_, n) => ({ n }));

describe("cursors against the wire stand-in, not a real server", () => {
  test.each([
    [
      "for await",
      async () => {
        for await (const each of orders.find({}, { batchSize: 2 })) expect(each).toBeDefined();
      },
    ],
    ["toArray", () => orders.find({}, { batchSize: 2 }).toArray()],
    [
      "next of an aggregation",
      async () => {
        const cursor = orders.aggregate([{ $match: {} }], { batchSize: 2 });
        while ((await cursor.next()) !== null) {}
      },
    ],
    [
      "hasNext",
      async () => {
        const cursor = orders.find({}).batchSize(2);
        while (await cursor.hasNext()) await cursor.tryNext();
      },
    ],
    ["stream", () => orders.find({}, { batchSize: 2 }).stream().toArray()],
    ["a clone", () => orders.find({}, { batchSize: 2 }).clone().toArray()],
  ] as ReadonlyArray<readonly [string, () => Promise<unknown>]>)(
    "%s: a cancelled getMore ends at once, and the cursor is closed on the server",
    async (_, read) => {
      await orders.insertMany(documents(5));
      server.hold("getMore");
      const op = new Cancellable();
      const ending = op.settle(read);
      const { document } = await server.arrived("getMore");
      op.cancel("quota");
      const outcome = await ending;
      expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "quota" } });
      expect(errorOf(outcome)).toBe(op.token.error);
      const kill = await server.arrived("killCursors");
      expect(kill.document["cursors"]).toEqual([document["getMore"]]);
      expect(await client.db().command({ ping: 1 })).toMatchObject({ ok: 1 });
    },
  );

  test("a cancelled getMore on the only connection of a pool ends with its connection", async () => {
    const small = cancellableMongo(new MongoClient(server.url, { maxPoolSize: 1 }));
    try {
      const few = small.db().collection("orders");
      await few.insertMany(documents(5));
      server.hold("getMore");
      const op = new Cancellable();
      const ending = op.settle(() => few.find({}, { batchSize: 2 }).toArray());
      const { connection } = await server.arrived("getMore");
      op.cancel();
      expect(errorOf(await ending)).toBe(op.token.error);
      await expect.poll(() => server.closed).toContain(connection);
      expect(await few.countDocuments()).toBe(5);
    } finally {
      await small.close();
    }
  });

  test("a cursor is closed when its scope was cancelled between two reads, and after a break", async () => {
    await orders.insertMany(documents(5));
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      const cursor = orders.find({}, { batchSize: 2 });
      await cursor.next();
      op.cancel();
      await cursor.next(); // from the batch that is there
    });
    expect(errorOf(outcome)).toBe(op.token.error);
    await server.arrived("killCursors");
    for await (const _ of orders.find({}, { batchSize: 2 })) break;
    await server.arrived("killCursors", 2);
    expect(server.names.filter((name) => name === "getMore")).toEqual([]);
  });

  test("each read belongs to the scope in which it is called", async () => {
    await orders.insertMany(documents(5));
    const cursor = await failAfter(60_000, async () => orders.find({}, { batchSize: 2 }));
    expect(await moveOnAfter(60_000, () => cursor.next())).toMatchObject({ n: 0 });
    expect(await cursor.next()).toMatchObject({ n: 1 });
    server.hold("getMore");
    const scope = new CancelScope();
    const reading = scope.run(() => cursor.next());
    await server.arrived("getMore");
    scope.cancel();
    await reading;
    expect(scope.cancelledCaught).toBe(true);
    await expect(cursor.next()).rejects.toBe(scope.error);
  });

  test("the limit is that of the first read, and again that after a rewind", async () => {
    await orders.insertOne({ n: 1 });
    const cursor = orders.find({});
    await failAfter(60_000, () => cursor.toArray());
    cursor.rewind();
    await failAfter(120_000, () => cursor.toArray());
    const [, first, second] = server.received.map(({ document }) => Number(document["maxTimeMS"]));
    expect(first).toBeLessThanOrEqual(60_000);
    expect(second).toBeGreaterThan(60_000);
  });

  test("the deadline of a read ends it with the timeout of the scope", async () => {
    await orders.insertMany(documents(5));
    server.hold("getMore");
    const scope = new CancelScope({ timeout: 60_000 });
    const reading = scope.run(() => orders.find({}, { batchSize: 2 }).toArray());
    await server.arrived("getMore");
    scope.deadline = getBackend().now();
    await reading;
    expect(scope.cancelledCaught).toBe(true);
    expect(isCancellation(scope.error, { reason: "timeout" })).toBe(true);
    await server.arrived("killCursors");
  });
});

describe("change streams against the wire stand-in, not a real server", () => {
  test.each([
    ["next", () => orders.watch().next()],
    [
      "for await",
      async () => {
        for await (const each of client.db().watch()) expect(each).toBeDefined();
      },
    ],
    ["hasNext", () => client.watch([{ $match: {} }]).hasNext()],
    ["stream", () => orders.watch([], { batchSize: 5 }).stream().toArray()],
  ] as ReadonlyArray<readonly [string, () => Promise<unknown>]>)(
    "%s: a cancellation ends the wait for a change, and closes the cursor",
    async (_, read) => {
      server.hold("getMore");
      const op = new Cancellable();
      const ending = op.settle(read);
      await server.arrived("getMore");
      op.cancel("quota");
      const outcome = await ending;
      expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "quota" } });
      expect(errorOf(outcome)).toBe(op.token.error);
      await server.arrived("killCursors");
    },
  );

  test("the events end when the scope of the listener is cancelled", async () => {
    server.hold("getMore");
    const changes = orders.watch();
    const scope = new CancelScope();
    const closed = new Promise<void>((resolve) => changes.once("close", resolve));
    const listening = scope.run(async () => {
      changes.on("change", () => {});
      await closed;
    });
    await server.arrived("getMore");
    scope.cancel();
    await Promise.all([listening, closed]);
    expect(changes.closed).toBe(true);
    await server.arrived("killCursors");
  });

  test("the events stay when the scope of a further listener, or of a removed one, is cancelled", async () => {
    server.hold("getMore");
    const changes = orders.watch();
    const [removed, first, further] = [new CancelScope(), new CancelScope(), new CancelScope()];
    const listen = (scope: CancelScope, listener: () => void) =>
      scope.run(async () => {
        changes.on("change", listener);
        await sleepForever();
      });
    const early = (): void => {};
    const runs = [listen(removed, early)];
    changes.off("change", early);
    runs.push(
      listen(first, () => {}),
      listen(further, () => {}),
    );
    await server.arrived("getMore");
    removed.cancel();
    further.cancel();
    await sleep(20);
    expect(changes.closed).toBe(false);
    const closed = new Promise<void>((resolve) => changes.once("close", resolve));
    first.cancel();
    await Promise.all([closed, ...runs]);
    await server.arrived("killCursors");
  });

  test("a change stream in a cancelled scope sends nothing", async () => {
    const op = new Cancellable();
    const outcome = await op.settle(() => {
      op.cancel();
      return orders.watch().next();
    });
    expect(errorOf(outcome)).toBe(op.token.error);
    expect(server.names).toEqual([]);
  });
});
