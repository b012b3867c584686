import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import {
  Cancellable,
  type CancellationError,
  cancellationOf,
  failAfter,
  isCancellation,
} from "@hother/cancelable";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { cancellableClient, cancellablePool, StatementNotSentError } from "../../src/pg/index.ts";
import { startPostgres } from "../servers/postgres.ts";
import { type Proxy, startProxy } from "../servers/proxy.ts";
import { openServerView, type ServerView } from "./server-view.ts";

const server = await startPostgres({ logStatements: true });
afterAll(() => server?.stop());

describe.skipIf(server === undefined)("cancellableClient(client)", () => {
  let view: ServerView;
  const clients: pg.Client[] = [];
  const closing: Array<() => Promise<unknown>> = [];
  async function newClient(config?: pg.ClientConfig, cancelTimeout?: number): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: server?.connectionString, ...config });
    clients.push(client);
    const wrapped = cancellableClient(client, cancelTimeout === undefined ? undefined : { cancelTimeout });
    expect(await wrapped.connect()).toBe(wrapped);
    return wrapped;
  }
  async function newProxy(): Promise<Proxy> {
    const proxy = await startProxy({ host: server?.host ?? "", port: server?.port ?? 0 });
    closing.push(() => proxy.stop());
    return proxy;
  }
  beforeAll(async () => {
    view = await openServerView(server?.connectionString ?? "");
  });
  afterAll(() => view.close());
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await Promise.all(closing.splice(0).map((close) => close()));
  });

  test.each([false, true])(
    "never sends a statement that waits, and leaves the running one alone, with pipeline: %s (PG-04)",
    async (pipeline) => {
      const client = await newClient({ pipeline });
      const tag = `PG-04 ${pipeline}`;
      await view.whileLocked(4, async (open) => {
        const running = client.query(`select 1 as a, pg_advisory_xact_lock(4) /* ${tag} */`);
        const op = new Cancellable();
        let errors: unknown[] = [];
        const outcome = op.settle(async () => {
          const waiting = [client.query(`select '${tag} first'`), client.query(`select '${tag} second'`)];
          errors = await Promise.all(waiting.map((call) => call.catch((reason: unknown) => reason)));
        });
        const last = client.query(`select '${tag} last' as a`);
        await view.whenRunning(tag);
        op.cancel();
        await outcome;
        expect(await view.running(tag)).toBe(1); // the errors came while the statement runs
        expect(errors).toHaveLength(2);
        for (const error of errors) {
          expect(isCancellation(error, op)).toBe(true);
          expect((error as Error).cause).toBeInstanceOf(StatementNotSentError);
        }
        await open();
        expect((await running).rows[0].a).toBe(1);
        expect((await last).rows).toEqual([{ a: `${tag} last` }]);
      });
      expect(server?.statements().filter((sql) => sql.includes(`'${tag}`))).toEqual([
        `select '${tag} last' as a`,
      ]);
    },
  );

  test("holds the next statement back until the cancel of the one before has ended (PG-02)", async () => {
    const client = await newClient();
    for (let run = 0; run < 100; run++) {
      const op = new Cancellable();
      const first = op.settle(async () => {
        setTimeout(() => op.cancel(), 1 + Math.random() * 2);
        await client.query("select pg_sleep(0.002)");
      });
      const second = client.query("select pg_sleep(0.001), 1 as a");
      await first;
      expect((await second).rows[0].a).toBe(1);
    }
  });

  test("withdraws a statement that waits in the client itself", async () => {
    const raw = new pg.Client({ connectionString: server?.connectionString });
    clients.push(raw);
    await raw.connect();
    const client = cancellableClient(raw);
    await view.whileLocked(2, async (open) => {
      const outside = raw.query("select 1 as a, pg_advisory_xact_lock(2)");
      const op = new Cancellable();
      let error: CancellationError | undefined;
      await op.settle(async () => {
        const running = client.query("select 'withdrawn'");
        op.cancel();
        error = await running.catch((reason) => reason);
      });
      expect(error?.cause).toBeInstanceOf(StatementNotSentError);
      await open();
      expect((await outside).rows[0].a).toBe(1);
    });
    expect((await client.query("select 2 as a")).rows).toEqual([{ a: 2 }]);
    expect(server?.statements().filter((sql) => sql.includes("'withdrawn'"))).toEqual([]);
  });

  test("stops a lock wait, a simple query of several statements, and a COMMIT, and says what the server did", async () => {
    const client = await newClient();
    await view.client.query("create table rows (id int)");
    const cancelled = async (tag: string, sql: string): Promise<unknown> => {
      const op = new Cancellable();
      let error: unknown;
      await op.settle(async () => {
        const running = client.query(`${sql} /* ${tag} */`);
        await view.whenRunning(tag);
        op.cancel();
        error = await running.catch((reason: unknown) => reason);
      });
      expect(error).toMatchObject({ name: "AbortError", cause: { code: "57014" } });
      return error;
    };
    await cancelled("several", "insert into rows values (1); select pg_sleep(60)");
    expect((await client.query("select * from rows")).rows).toEqual([]);
    // Not the view: in a transaction it sees the same list of statements all the time.
    const holder = await newClient();
    await holder.query("begin");
    await holder.query("lock table rows");
    await cancelled("lock wait", "select * from rows");
    await holder.query("rollback");
    await client.query("begin");
    await cancelled("in a transaction", "select pg_sleep(60)");
    expect((await client.query("commit")).command).toBe("ROLLBACK");
  });

  test("gives the result of a statement that ended well in spite of the cancellation", async () => {
    const client = await newClient();
    await view.client.query("create table stored (id int)");
    let stored = 0;
    for (let run = 0; run < 200; run++) {
      const op = new Cancellable();
      const outcome = await op.settle(async () => {
        const running = client.query("insert into stored values ($1)", [run]);
        op.cancel();
        await running;
      });
      if (outcome.status === "completed") stored++;
    }
    const { rows } = await view.client.query("select count(*)::int as n from stored");
    expect(rows[0].n).toBe(stored);
  });

  test("keeps LISTEN through a cancel, and its own events", async () => {
    const client = await newClient();
    await client.query("listen news");
    await failAfter(1, () => client.query("select pg_sleep(60)")).catch((error: unknown) =>
      expect(isCancellation(error, { reason: "timeout" })).toBe(true),
    );
    const told = once(client, "notification");
    await view.client.query("notify news, 'hello'");
    expect((await told)[0]).toMatchObject({ channel: "news", payload: "hello" });
  });

  test("rejects with the error of the connection that dies during the cancel", async () => {
    const proxy = await newProxy();
    const client = await newClient({
      connectionString: `postgres://postgres@${proxy.host}:${proxy.port}/postgres`,
    });
    const broken = once(client, "error").catch((error: unknown) => [error]);
    const op = new Cancellable();
    let error: unknown;
    await op.settle(async () => {
      const running = client.query("select pg_sleep(60) /* dies */");
      await view.whenRunning("dies");
      proxy.freeze(); // no cancel gets through
      op.cancel();
      setImmediate(() => {
        proxy.cut();
        proxy.refuse(); // the request may come to the proxy after the cut
      });
      error = await running.catch((reason: unknown) => reason);
    });
    expect(String(error)).toContain("Connection terminated unexpectedly");
    expect(cancellationOf(error)).toBe(undefined);
    await broken;
    await view.client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where query like '%dies%' and pid <> pg_backend_pid()",
    );
  });

  test("destroys a connection that is silent, in bounded time, and the pool goes on without it", async () => {
    const proxy = await newProxy();
    const raw = new pg.Pool({
      host: proxy.host,
      port: proxy.port,
      user: "postgres",
      database: "postgres",
      max: 1,
    });
    closing.unshift(() => raw.end());
    const pool = cancellablePool(raw, { cancelTimeout: 100 });
    await pool.query("select 1");
    const op = new Cancellable();
    let error: CancellationError | undefined;
    await op.settle(async () => {
      const running = pool.query("select pg_sleep(60) /* frozen */");
      await view.whenRunning("frozen");
      proxy.freeze();
      op.cancel();
      error = await running.catch((reason) => reason);
    });
    expect(error?.reason).toBe("manual");
    expect(String(error?.cause)).toContain("has not ended 100 ms after the cancellation");
    expect(pool.totalCount).toBe(0);
    proxy.thaw();
    expect((await pool.query("select 1 as a")).rows).toEqual([{ a: 1 }]);
  });

  test("ends the wait for connect() at once, and after it the client is closed (PG-07)", async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const address = silent.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const raw = new pg.Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres" });
    const op = new Cancellable();
    const outcome = op.settle(() => cancellableClient(raw).connect());
    const [socket] = (await once(silent, "connection")) as [Socket];
    socket.resume();
    const closed = once(socket, "close");
    op.cancel();
    expect((await outcome).status).toBe("cancelled");
    await closed;
    silent.close();
  });

  test("refuses wrong arguments", async () => {
    const wrong = (value: unknown): never => value as never;
    expect(() => cancellableClient(wrong({ query() {} }))).toThrow("client must be a Client of pg");
    const client = await newClient();
    expect(() => cancellableClient(client)).toThrow("not wrapped yet");
    expect(() => cancellableClient(clients[0] as pg.Client, wrong({ timeout: 1 }))).toThrow("timeout");
    expect(() => client.query(wrong(null))).toThrow("null or undefined query");
  });
});
