import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { Cancellable, type CancellationError, run } from "@hother/cancelable";
import { VirtualBackend } from "@hother/cancelable/testing";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { cancellablePool } from "../../src/pg/index.ts";
import { startPostgres } from "../servers/postgres.ts";
import { tlsSettings } from "../servers/tls-settings.ts";
import { openServerView, type ServerView } from "./server-view.ts";

const server = await startPostgres({
  settings: tlsSettings(),
});
afterAll(() => server?.stop());

/** The codes at the start of a connection: of a request for TLS, and of a cancel request that is not encrypted. */
const sslRequest = 80_877_103;
const cancelRequest = 80_877_102;
/** The first byte of a TLS handshake. */
const handshake = 22;

describe.skipIf(server === undefined)("cancellablePool(pool) over TLS", () => {
  let view: ServerView;
  let door: Server;
  /** How the connections through the door began. */
  const began: Array<"TLS request" | "TLS" | "cancel request"> = [];

  beforeAll(async () => {
    view = await openServerView(server?.connectionString ?? "");
    // In front of the server, as the proxies of hosting companies are, which take TLS only.
    door = createServer((client) => {
      client.once("data", (first) => {
        const code = first.length >= 8 ? first.readInt32BE(4) : 0;
        if (first[0] === handshake) began.push("TLS");
        if (code === sslRequest) began.push("TLS request");
        if (code === cancelRequest) began.push("cancel request");
        if (code === cancelRequest) return client.destroy();
        const inner = connect(server?.port ?? 0, server?.host);
        inner.write(first);
        client.pipe(inner).pipe(client);
        inner.on("error", () => client.destroy());
        client.on("error", () => inner.destroy());
      });
    }).listen(0, "127.0.0.1");
    await once(door, "listening");
  });
  afterAll(async () => {
    door.close();
    await view.close();
  });
  /** A client whose connections, also those of cancel requests, go through the door. */
  function throughDoor(): pg.PoolConfig {
    const address = door.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const ssl = { rejectUnauthorized: false };
    return { host: "127.0.0.1", port, user: "postgres", database: "postgres", ssl, max: 1 };
  }

  test.each(["postgres", "direct"] as const)(
    "sends the cancel request with TLS, with sslnegotiation: %s",
    async (sslnegotiation) => {
      const { rows } = await view.client.query("show server_version_num");
      // PostgreSQL 17 is the first version that begins with TLS at once.
      if (sslnegotiation === "direct" && Number(rows[0].server_version_num) < 170_000) return;
      began.length = 0;
      const raw = new pg.Pool({ ...throughDoor(), sslnegotiation });
      const pool = cancellablePool(raw);
      const op = new Cancellable();
      let error: CancellationError | undefined;
      await op.settle(async () => {
        const running = pool.query("select pg_sleep(60) /* over TLS */");
        await view.whenRunning("over TLS");
        op.cancel();
        error = await running.catch((reason) => reason);
      });
      expect(error?.cause).toMatchObject({ code: "57014" });
      expect(began.length).toBeGreaterThanOrEqual(2);
      expect(new Set(began)).toEqual(new Set([sslnegotiation === "direct" ? "TLS" : "TLS request"]));
      await pool.end();
    },
  );

  test("refuses a certificate for the cancel request that the client would refuse, too", async () => {
    began.length = 0;
    const raw = new pg.Pool(throughDoor());
    const pool = cancellablePool(raw, { cancelTimeout: 4_500 });
    const client = await pool.connect();
    // As if another server answered at the address of the first one.
    Object.assign(client.ssl, { rejectUnauthorized: true });
    // In virtual time, so that the limit passes after a request.
    const backend = new VirtualBackend({ autoJump: false });
    const op = new Cancellable();
    let error: CancellationError | undefined;
    const work = async (): Promise<void> => {
      const running = client.query("select pg_sleep(60) /* another server */").catch((reason) => reason);
      await view.whenRunning("another server");
      op.cancel();
      // The second request follows when the first one has failed.
      const secondRequest = async (): Promise<void> => {
        await backend.advance(20);
        expect(began.length).toBeGreaterThanOrEqual(3);
      };
      await vi.waitFor(secondRequest, { timeout: 10_000 });
      await backend.advance(4_500);
      error = await running;
    };
    await run(() => op.settle(work), { backend });
    expect(error?.cause).toMatchObject({ cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" } });
    client.release();
    await pool.end();
  });
});
