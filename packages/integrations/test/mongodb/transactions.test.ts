import { Cancellable, failAfter, type Outcome } from "@hother/cancelable";
import { MongoClient } from "mongodb";
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

describe("transactions against the wire stand-in, not a real server", () => {
  test("a transaction that is cancelled in a command is aborted before its promise settles", async () => {
    server.hold("update");
    const op = new Cancellable();
    const ending = op.settle(() =>
      client.withSession((session) =>
        session.withTransaction(async () => {
          await orders.insertOne({ n: 1 }, { session });
          await orders.updateOne({}, { $set: { n: 2 } }, { session });
        }),
      ),
    );
    await server.arrived("update");
    op.cancel("quota");
    const outcome = await ending;
    expect(errorOf(outcome)).toBe(op.token.error);
    expect(server.names).toEqual(["insert", "update", "abortTransaction"]);
    const [insert, , abort] = server.received;
    expect(abort?.document["txnNumber"]).toEqual(insert?.document["txnNumber"]);
  });

  test("a transaction whose body hides its cancellation is not committed", async () => {
    const op = new Cancellable();
    const outcome = await op.settle(() =>
      client.withSession((session) =>
        session.withTransaction(async () => {
          await orders.insertOne({ n: 1 }, { session });
          op.cancel();
          await orders.insertOne({ n: 2 }, { session }).catch(() => {});
        }),
      ),
    );
    expect(errorOf(outcome)).toBe(op.token.error);
    expect(server.names).toEqual(["insert", "abortTransaction"]);
  });

  test("a transaction in a cancelled scope calls no body, and sends nothing", async () => {
    const op = new Cancellable();
    const session = client.startSession();
    const outcome = await op.settle(async () => {
      op.cancel();
      await session.withTransaction(() => expect.unreachable());
    });
    expect(errorOf(outcome)).toBe(op.token.error);
    await session.endSession();
    expect(server.names).toEqual([]);
  });

  test("a commit in a cancelled scope is not sent, and the transaction is aborted with its session", async () => {
    const op = new Cancellable();
    const session = client.startSession();
    const outcome = await op.settle(async () => {
      try {
        session.startTransaction();
        await orders.insertOne({ n: 1 }, { session });
        op.cancel();
        await session.commitTransaction();
      } finally {
        await session.endSession();
      }
    });
    expect(errorOf(outcome)).toBe(op.token.error);
    expect(server.names).toEqual(["insert", "abortTransaction"]);
  });

  test("the commit gets the remaining time, and a limit of the user stays", async () => {
    await failAfter(60_000, async () => {
      for (const options of [undefined, { maxCommitTimeMS: 90_000 }]) {
        await client.withSession((session) =>
          session.withTransaction(() => orders.insertOne({ n: 1 }, { session }), options),
        );
      }
    });
    const commits = server.received.filter(({ name }) => name === "commitTransaction");
    const [first, second] = commits.map(({ document }) => Number(document["maxTimeMS"]));
    expect(first).toBeGreaterThan(30_000);
    expect(first).toBeLessThanOrEqual(60_000);
    expect(second).toBe(90_000);
  });

  test("a transaction outside of every scope is as without this module", async () => {
    const value = await client.withSession((session) =>
      session.withTransaction(async () => {
        await orders.insertOne({ n: 1 }, { session });
        return 42;
      }),
    );
    expect(value).toBe(42);
    expect(server.names).toEqual(["insert", "commitTransaction"]);
    expect(server.received[1]?.document).not.toHaveProperty("maxTimeMS");
  });
});
