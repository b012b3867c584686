import { getEventListeners } from "node:events";
import { Cancellable, failAfter, isCancellation, type Outcome, shield } from "@hother/cancelable";
import { type Collection, type Document, GridFSBucket, MongoClient } from "mongodb";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { cancellableMongo } from "../../src/mongodb/index.ts";
import { startMongoStandIn } from "../servers/mongo-stand-in.ts";

const server = await startMongoStandIn();
const client = cancellableMongo(new MongoClient(server.url, { maxPoolSize: 5 }));
const orders = client.db().collection("orders");

/** The error of an operation, if it has one. */
const errorOf = (outcome: Outcome<unknown>): unknown =>
  outcome.status === "completed" ? undefined : outcome.error;

afterEach(() => server.reset());
afterAll(() => client.close());

/** Cancels an operation with the body `work` when the server has received the command `name`, and gives the outcome. */
async function cancelWhenSent(name: string, work: () => Promise<unknown>) {
  server.hold(name);
  const op = new Cancellable();
  const ending = op.settle(work);
  const sent = await server.arrived(name);
  op.cancel("quota");
  return { sent, outcome: await ending, op };
}

const documents = (count: number): Document[] => Array.from({ length: count }, (_, n) => ({ n }));

describe("cancellableMongo(client): commands of the wire stand-in, not of a real server", () => {
  test("does nothing outside of every scope", async () => {
    await orders.insertOne({ n: 1 });
    expect(await orders.findOne()).toMatchObject({ n: 1 });
    expect(await orders.find().toArray()).toHaveLength(1);
    for (const { document } of server.received) expect(document).not.toHaveProperty("maxTimeMS");
  });

  /** Every command that has a method, with the name on the wire. */
  const commands: ReadonlyArray<
    readonly [wire: string, name: string, (orders: Collection) => Promise<unknown>]
  > = [
    ["insert", "insertOne", (to) => to.insertOne({ n: 1 })],
    ["insert", "insertMany", (to) => to.insertMany([{ n: 1 }])],
    ["insert", "bulkWrite", (to) => to.bulkWrite([{ insertOne: { document: { n: 1 } } }])],
    ["insert", "initializeOrderedBulkOp", (to) => to.initializeOrderedBulkOp().insert({ n: 1 }).execute()],
    ["update", "updateOne", (to) => to.updateOne({}, { $set: { n: 2 } })],
    ["update", "updateMany", (to) => to.updateMany({}, { $set: { n: 2 } })],
    ["update", "replaceOne", (to) => to.replaceOne({}, { n: 2 })],
    ["delete", "deleteOne", (to) => to.deleteOne({})],
    ["delete", "deleteMany", (to) => to.deleteMany({})],
    ["findAndModify", "findOneAndUpdate", (to) => to.findOneAndUpdate({}, { $set: { n: 2 } })],
    ["findAndModify", "findOneAndReplace", (to) => to.findOneAndReplace({}, { n: 2 })],
    ["findAndModify", "findOneAndDelete", (to) => to.findOneAndDelete({})],
    ["find", "findOne", (to) => to.findOne()],
    ["find", "find", (to) => to.find({}).sort({ n: 1 }).toArray()],
    ["aggregate", "aggregate", (to) => to.aggregate([{ $match: {} }]).toArray()],
    ["aggregate", "countDocuments", (to) => to.countDocuments()],
    ["aggregate", "db.aggregate", (to) => to.db.aggregate([{ $currentOp: {} }]).toArray()],
    ["count", "estimatedDocumentCount", (to) => to.estimatedDocumentCount()],
    ["distinct", "distinct", (to) => to.distinct("n")],
    ["listIndexes", "indexes", (to) => to.indexes()],
    ["dropIndexes", "dropIndex", (to) => to.dropIndex("n_1")],
    ["createIndexes", "createIndex", (to) => to.createIndex({ n: 1 }, { unique: true })],
    ["drop", "drop", (to) => to.drop()],
    ["listCollections", "listCollections", (to) => to.db.listCollections().toArray()],
    ["dbStats", "stats", (to) => to.db.stats()],
    ["ping", "db.command", (to) => to.db.command({ ping: 1 })],
    ["ping", "admin().ping", (to) => to.db.admin().ping()],
    ["validate", "validateCollection", (to) => to.db.admin().validateCollection("orders")],
    ["listDatabases", "listDatabases", (to) => to.db.admin().listDatabases()],
    ["find", "runCursorCommand", (to) => to.db.runCursorCommand({ find: "orders" }).toArray()],
    [
      "bulkWrite",
      "client.bulkWrite",
      (to) => to.db.client.bulkWrite([{ name: "insertOne", namespace: "shop.orders", document: { n: 1 } }]),
    ],
  ];

  test.each(commands)(
    "%s of %s: ends at once with the error of the scope, and closes its connection",
    async (wire, _, call) => {
      const { sent, outcome, op } = await cancelWhenSent(wire, () => call(orders));
      expect(outcome.status).toBe("cancelled");
      expect(errorOf(outcome)).toBe(op.token.error);
      await expect.poll(() => server.closed).toContain(sent.connection);
    },
  );

  test.each(commands)("%s of %s: sends the remaining time", async (wire, _, call) => {
    await failAfter(60_000, () => call(orders));
    const { document } = await server.arrived(wire);
    expect(document["maxTimeMS"]).toBeGreaterThan(30_000);
    expect(document["maxTimeMS"]).toBeLessThanOrEqual(60_000);
  });

  test("sends nothing in a cancelled scope", async () => {
    const op = new Cancellable();
    const errors = await op.settle(async () => {
      op.cancel();
      for (const [, , call] of commands) {
        expect(await call(orders).catch((error: unknown) => error)).toBe(op.token.error);
      }
      expect(await client.connect().catch((error: unknown) => error)).toBe(op.token.error);
    });
    expect(errors.status).toBe("completed");
    expect(server.names).toEqual([]);
  });

  test("runs a command in a shield of a cancelled scope", async () => {
    const op = new Cancellable();
    await op.settle(async () => {
      op.cancel();
      await shield(() => orders.insertOne({ n: 1 }), { timeout: 60_000 });
    });
    expect(server.names).toEqual(["insert"]);
  });

  test("leaves a limit and a signal of the user as they are, and its signal aborts with its own reason", async () => {
    const controller = new AbortController();
    const reason = new Error("mine");
    await failAfter(60_000, async () => {
      await orders.insertOne({ n: 1 }, { maxTimeMS: 90_000 });
      await orders.find({}, { maxTimeMS: 91_000 }).toArray();
      await orders.find({}).maxTimeMS(92_000).toArray();
      await orders.db.command({ ping: 1, maxTimeMS: 93_000 });
      const limits = server.received.map(({ document }) => Number(document["maxTimeMS"]));
      expect(limits).toEqual([90_000, 91_000, 92_000, 93_000]);
      server.reset();
      for (const wire of ["find", "getMore"]) {
        await orders.insertMany(documents(3));
        server.hold(wire);
        const { signal } = controller;
        const reading = orders
          .find({}, { signal, batchSize: 1 })
          .toArray()
          .catch((error: unknown) => error);
        await server.arrived(wire);
        if (wire === "getMore") controller.abort(reason);
        else server.release(wire);
        if (wire === "getMore") expect(await reading).toBe(reason);
        else expect(await reading).toHaveLength(3);
      }
      const late = orders.findOne({}, { signal: controller.signal });
      expect(await late.catch((error: unknown) => error)).toBe(reason);
    });
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  test("ends the wait for a connection of the pool at once, and sends nothing", async () => {
    const small = cancellableMongo(new MongoClient(server.url, { maxPoolSize: 1 }));
    try {
      server.hold("find");
      const holding = small.db().collection("orders").findOne();
      await server.arrived("find");
      const op = new Cancellable();
      const waiting = new Promise((resolve) => small.once("connectionCheckOutStarted", resolve));
      const ending = op.settle(() => small.db().collection("orders").insertOne({ n: 1 }));
      await waiting;
      op.cancel();
      expect(errorOf(await ending)).toBe(op.token.error);
      server.release("find");
      expect(await holding).toBe(null);
      expect(server.names).toEqual(["find"]);
      await small.db().collection("orders").insertOne({ n: 2 });
    } finally {
      await small.close();
    }
  });

  test("makes the error of the server for the remaining time the timeout of the scope", async () => {
    server.fail("find", { code: 50, codeName: "MaxTimeMSExpired" });
    server.fail("insert", { code: 50, codeName: "MaxTimeMSExpired" });
    const calls: ReadonlyArray<() => Promise<unknown>> = [
      () => orders.findOne(),
      () => orders.insertOne({}),
      () => orders.find().toArray(),
    ];
    for (const call of calls) {
      const error = await failAfter(100, call).catch((reason: unknown) => reason);
      expect(isCancellation(error, { reason: "timeout" })).toBe(true);
    }
    const own = failAfter(60_000, () => orders.insertOne({}, { maxTimeMS: 5 }));
    await expect(own).rejects.toMatchObject({ code: 50 });
  });

  test("keeps the other errors of the server", async () => {
    server.fail("insert", { code: 11_000, codeName: "DuplicateKey" });
    await expect(failAfter(60_000, () => orders.insertOne({}))).rejects.toMatchObject({ code: 11_000 });
    await expect(failAfter(60_000, () => orders.insertMany([{}]))).rejects.toMatchObject({ code: 11_000 });
  });

  test("gives databases, collections and admin objects that belong to the client", async () => {
    expect(orders.db.client).toBe(client);
    expect(client).toBeInstanceOf(MongoClient);
    expect(client.on("open", () => {})).toBe(client);
    const op = new Cancellable();
    await op.settle(async () => {
      const made = await client.db().createCollection("made");
      const [listed] = await client.db().collections();
      expect(made.collectionName).toBe("made");
      server.reset();
      op.cancel();
      for (const each of [made, listed as Collection, orders.db.client.db("other").collection("x")]) {
        expect(await each.insertOne({}).catch((error: unknown) => error)).toBe(op.token.error);
      }
    });
    expect(server.names).toEqual([]);
  });

  test("belongs to GridFS, too", async () => {
    const bucket = new GridFSBucket(client.db());
    const op = new Cancellable();
    server.hold("find");
    const ending = op.settle(() => bucket.openDownloadStreamByName("a.txt").toArray());
    await server.arrived("find");
    op.cancel();
    expect(await ending).toMatchObject({ status: "cancelled" });
  });

  test("refuses what is no client, and a client that it returned", () => {
    const wrong = (value: unknown): never => value as never;
    expect(() => cancellableMongo(wrong({}))).toThrow("client must be a MongoClient; got {}");
    expect(() => cancellableMongo(wrong(undefined))).toThrow("client must be a MongoClient; got undefined");
    expect(() => cancellableMongo(client)).toThrow(
      "client must be a MongoClient that cancellableMongo has not",
    );
  });
});
