import { Cancellable, CancelScope, failAfter, isCancellation, shield, sleep } from "@hother/cancelable";
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { cancellablePrisma, StatementNotSentError, TransactionAbortedError } from "../../src/prisma/index.ts";
import { openServerView, type ServerView } from "../pg/server-view.ts";
import { startPostgres } from "../servers/postgres.ts";
import { generateClient, type PrismaClient, type PrismaClientClass } from "./generate-client.ts";

const server = await startPostgres({ logStatements: true });

describe.skipIf(server === undefined)("cancellablePrisma(client)", () => {
  const { connectionString } = server as NonNullable<typeof server>;
  const pool = new pg.Pool({ connectionString, max: 3 });
  let Client: PrismaClientClass;
  let remove: (() => void) | undefined;
  let prisma: PrismaClient;
  let view: ServerView;
  /** The SQL that Prisma has told to a listener of `$on`. */
  const told: string[] = [];

  beforeAll(async () => {
    ({ PrismaClient: Client, remove } = await generateClient());
    prisma = cancellablePrisma(
      new Client({ adapter: new PrismaPg(pool), log: [{ emit: "event", level: "query" }] }),
    );
    prisma.$on("query", ({ query }) => told.push(query));
    view = await openServerView(connectionString);
    await pool.query('create table "Account" (id int primary key, total int not null)');
  }, 120_000); // the command of Prisma takes some seconds
  beforeEach(() => pool.query(`truncate "Account"; insert into "Account" values (1, 10)`));
  afterAll(async () => {
    remove?.();
    await prisma?.$disconnect();
    await view?.close();
    await pool.end();
    await server?.stop();
  });

  const isWhole = (): void => expect([pool.idleCount, pool.waitingCount]).toEqual([pool.totalCount, 0]);

  const statements: ReadonlyArray<readonly [string, string, () => PromiseLike<unknown>]> = [
    ["a raw query", "'one'", () => prisma.$queryRaw`select pg_sleep(30)::text, 'one'`],
    [
      "a raw update",
      "'two'",
      () =>
        prisma.$executeRaw`update "Account" set total = 2 where pg_sleep(30) is not null and 'two' = 'two'`,
    ],
    [
      "a batch",
      "'three'",
      () =>
        prisma.$transaction([
          prisma.account.create({ data: { id: 3, total: 3 } }),
          prisma.$queryRaw`select pg_sleep(30)::text, 'three'`,
        ]),
    ],
    [
      "an interactive transaction",
      "'four'",
      () =>
        prisma.$transaction(async (tx) => {
          await tx.account.create({ data: { id: 4, total: 4 } });
          await tx.$queryRaw`select pg_sleep(30)::text, 'four'`;
        }),
    ],
  ];

  test.each(statements)(
    "%s is gone from the server when it rejects with the cancellation itself (PG-21)",
    async (_, tag, work) => {
      const { op, status, error, left } = await view.cancelWhenRunning(tag, work);
      expect(status).toBe("cancelled");
      expect(isCancellation(error, { reason: "quota" })).toBe(true);
      expect(isCancellation(error, op.token)).toBe(true);
      expect(error).toMatchObject({ cause: { code: "57014" } });
      expect([left, await view.inTransaction()]).toEqual([0, 0]);
      isWhole();
      expect(await prisma.account.findMany()).toEqual([{ id: 1, total: 10 }]);
    },
  );

  test("a query of a model that waits for a lock is gone from the server when it rejects (PG-21)", async () => {
    const owner = new pg.Client({ connectionString });
    await owner.connect();
    await owner.query('begin; lock table "Account"');
    try {
      const { error, left } = await view.cancelWhenRunning('FROM "public"."Account"', () =>
        prisma.account.findMany(),
      );
      expect(isCancellation(error)).toBe(true);
      expect(error).toMatchObject({ cause: { code: "57014" } });
      expect(left).toBe(0);
    } finally {
      await owner.end();
    }
  });

  test("a query belongs to the scope in which it is awaited, and to that of a body that returns it", async () => {
    const query = prisma.$queryRaw`select pg_sleep(30)::text, 'lazy'`;
    const awaited = failAfter(50, async () => await query);
    await expect(awaited).rejects.toMatchObject({ reason: "timeout" });
    await expect(failAfter(50, () => prisma.$queryRaw`select pg_sleep(30)::text`)).rejects.toMatchObject({
      reason: "timeout",
    });
  });

  test("nothing is sent in a cancelled scope, and a shield protects a query", async () => {
    const sent = server?.statements().length ?? 0;
    const op = new Cancellable();
    await op.settle(async () => {
      op.cancel();
      for (const work of [
        () => prisma.account.findMany(),
        () => prisma.$executeRaw`select 1`,
        () => prisma.$transaction(async () => expect.unreachable()),
        () => prisma.$transaction([prisma.account.count()]),
      ] as Array<() => PromiseLike<unknown>>) {
        expect(await work().then(undefined, (reason: unknown) => reason)).toBe(op.token.error);
      }
      expect(server?.statements().length).toBe(sent);
      expect(await shield(() => prisma.account.count())).toBe(1);
    });
  });

  test("other errors stay those of Prisma", async () => {
    const twice = failAfter(60_000, () => prisma.account.create({ data: { id: 1, total: 1 } }));
    await expect(twice).rejects.toMatchObject({ name: "PrismaClientKnownRequestError", code: "P2002" });
    const cancelled = prisma.$queryRaw`select pg_sleep(30)::text, 'by an administrator'`.then(
      undefined,
      (reason: unknown) => reason,
    );
    await view.whenRunning("'by an administrator'");
    await view.client.query(
      "select pg_cancel_backend(pid) from pg_stat_activity where query like '%by an administrator%' and pid <> pg_backend_pid()",
    );
    expect(await cancelled).toMatchObject({ code: "P2010" });
  });

  test("a query that waits for a connection rejects at once, and the error says that it was not sent", async () => {
    const small = new pg.Pool({ connectionString, max: 1 });
    const one = cancellablePrisma(new Client({ adapter: new PrismaPg(small) }));
    const held = await small.connect();
    let waiting = 0;
    for (const work of [
      () => one.account.count(),
      () => one.$transaction(async (tx) => tx.account.count(), { maxWait: 60_000 }),
    ]) {
      waiting++;
      const scope = new CancelScope();
      const rejecting = scope.run(() => work().then(undefined, (reason: unknown) => reason));
      // The calls that were cancelled before stay in the line of the pool.
      await vi.waitFor(() => expect(small.waitingCount).toBe(waiting), { timeout: 10_000 });
      scope.cancel("quota");
      const error = await rejecting;
      expect(isCancellation(error, { reason: "quota" })).toBe(true);
      expect((error as Error).cause).toBeInstanceOf(StatementNotSentError);
    }
    held.release();
    expect(await one.account.count()).toBe(1);
    await one.$disconnect();
    await small.end();
  });

  test("a transaction that is cancelled between its statements is rolled back before its promise settles", async () => {
    const op = new Cancellable();
    const { status } = await op.settle(() =>
      prisma.$transaction(async (tx) => {
        await tx.account.create({ data: { id: 2, total: 2 } });
        op.cancel();
        await sleep(1);
      }),
    );
    expect(status).toBe("cancelled");
    expect(await view.inTransaction()).toBe(0);
    expect(await prisma.account.count()).toBe(1);
    isWhole();
  });

  test("a transaction whose body hides its cancellation is not committed", async () => {
    const op = new Cancellable();
    const { status } = await op.settle(() =>
      prisma.$transaction(async (tx) => {
        await tx.account.create({ data: { id: 2, total: 2 } });
        op.cancel();
        await tx.account.count().then(undefined, () => {});
      }),
    );
    expect(status).toBe("cancelled");
    expect(await view.inTransaction()).toBe(0);
    expect(await prisma.account.count()).toBe(1);
    isWhole();
  });

  test("a transaction whose failed statement the body hides is an error, because the server has stored nothing", async () => {
    const hidden = prisma.$transaction(async (tx) => {
      await tx.account.create({ data: { id: 2, total: 2 } });
      const inner = new CancelScope();
      const running = inner.run(() => tx.$queryRaw`select pg_sleep(30)::text, 'hidden'`);
      await view.whenRunning("'hidden'");
      inner.cancel();
      await running;
    });
    await expect(hidden).rejects.toThrow(TransactionAbortedError);
    expect(await prisma.account.count()).toBe(1);
  });

  test("a transaction given up while it starts leaves nothing idle in a transaction (PG-21)", async () => {
    for (let run = 0; run < 30; run++) {
      const scope = new CancelScope();
      const ending = scope.run(() =>
        prisma.$transaction(async (tx) => tx.account.create({ data: { id: 2, total: 2 } })),
      );
      for (let turn = 0; turn < run; turn++) await new Promise((resolve) => setImmediate(resolve));
      scope.cancel();
      await ending;
      await pool.query('delete from "Account" where id = 2');
    }
    await vi.waitFor(
      async () => {
        expect(await view.inTransaction()).toBe(0);
        isWhole();
      },
      { timeout: 10_000 },
    );
  });

  test("a transaction that Prisma gives up after maxWait leaves nothing idle in a transaction (PG-21)", async () => {
    const small = new pg.Pool({ connectionString, max: 1 });
    const one = cancellablePrisma(new Client({ adapter: new PrismaPg(small) }));
    const held = await small.connect();
    const late = failAfter(60_000, () => one.$transaction(async () => expect.unreachable(), { maxWait: 30 }));
    await expect(late).rejects.toMatchObject({ code: "P2028" });
    held.release();
    await vi.waitFor(
      async () => {
        expect(await view.inTransaction()).toBe(0);
        expect([small.idleCount, small.waitingCount]).toEqual([small.totalCount, 0]);
      },
      { timeout: 10_000 },
    );
    await one.$disconnect();
    await small.end();
  });

  test("a limit of the user stays", async () => {
    const late = failAfter(60_000, () =>
      prisma.$transaction(
        async (tx) => {
          await sleep(60);
          await tx.account.count();
        },
        { timeout: 30 },
      ),
    );
    await expect(late).rejects.toMatchObject({ code: "P2028" });
    await vi.waitFor(isWhole, { timeout: 10_000 });
  });

  test("the error of Prisma for the remaining time is the timeout of the scope", async () => {
    // The body does not notice the deadline, and Prisma ends the transaction.
    const late = failAfter(50, () =>
      prisma.$transaction(async (tx) => {
        await tx.account.create({ data: { id: 2, total: 2 } });
        await new Promise((resolve) => setTimeout(resolve, 100));
        await tx.account.count();
      }),
    );
    await expect(late).rejects.toMatchObject({ reason: "timeout" });
    await vi.waitFor(isWhole, { timeout: 10_000 });
    expect(await prisma.account.count()).toBe(1);
  });

  test("the error of Prisma a moment before the deadline is the timeout of the scope, too", async () => {
    const early = {
      _engineConfig: { adapter: { adapterName: "@prisma/adapter-pg" } },
      $extends: () => early,
      $transaction: async () =>
        Promise.reject(Object.assign(new Error("in the given time"), { code: "P2028" })),
    };
    const late = failAfter(50, () => cancellablePrisma(early).$transaction());
    await expect(late).rejects.toMatchObject({ reason: "timeout" });
  });

  test("the remaining time takes the place of Prisma's own limits, and not of those of the user", async () => {
    const limits = async (transactionOptions: object, given?: object) => {
      const fake = {
        _engineConfig: { adapter: { adapterName: "@prisma/adapter-pg" }, transactionOptions },
        $extends: () => fake,
        $transaction: async (_: unknown, options: object) => options,
      };
      return failAfter(60_000, () => cancellablePrisma(fake).$transaction([], given as object));
    };
    const near = (value: unknown): boolean => Number(value) > 30_000 && Number(value) <= 60_000;
    const own = { maxWait: 2_000, timeout: 5_000 };
    const [all, wait, none] = [
      await limits(own),
      await limits({ ...own, timeout: 7_000 }),
      await limits(own, { maxWait: 1, timeout: 2 }),
    ] as ReadonlyArray<Record<string, number>>;
    expect([near(all?.["maxWait"]), near(all?.["timeout"])]).toEqual([true, true]);
    expect([near(wait?.["maxWait"]), wait?.["timeout"]]).toEqual([true, undefined]);
    expect(none).toEqual({ maxWait: 1, timeout: 2 });
  });

  test("extensions and events of the client work", async () => {
    const seen: string[] = [];
    const extended = prisma.$extends({
      query: {
        $allOperations: ({
          operation,
          args,
          query,
        }: {
          operation: string;
          args: unknown;
          query: (args: unknown) => unknown;
        }) => {
          seen.push(operation);
          return query(args);
        },
      },
    });
    expect(await extended.account.count()).toBe(1);
    const op = new Cancellable();
    await op.settle(async () => {
      op.cancel();
      await expect(extended.$transaction(async () => expect.unreachable())).rejects.toBe(op.token.error);
      await expect(extended.account.count().then()).rejects.toBe(op.token.error);
    });
    expect(seen).toEqual(["count"]); // the first one
    expect(told.join()).toContain('"Account"');
  });

  test("refuses wrong arguments", () => {
    const wrong = (value: unknown): never => value as never;
    const adapter = new PrismaPg(pool);
    expect(() => cancellablePrisma(wrong({}))).toThrow(
      "client must be a PrismaClient with the adapter PrismaPg; got {}",
    );
    expect(() => cancellablePrisma(wrong(undefined))).toThrow(
      "client must be a PrismaClient with the adapter PrismaPg; got undefined",
    );
    expect(() => cancellablePrisma(prisma)).toThrow("client must be a PrismaClient that is not wrapped yet");
    expect(() => cancellablePrisma(new Client({ adapter }), wrong({ cancelTimout: 1 }))).toThrow(
      "cancelTimout",
    );
    expect(() => cancellablePrisma(new Client({ adapter }), { cancelTimeout: 0 })).toThrow(RangeError);
  });
});
