import { getEventListeners } from "node:events";
import { Readable, Writable } from "node:stream";
import { Cancellable, currentSignal, waitFor } from "@hother/cancelable";
import { expectNoLeaks } from "@hother/cancelable/testing";
import * as undici from "undici";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cancellationInterceptor, installInterceptor } from "../../src/undici/index.ts";
import { TestServer } from "./server.ts";

let server: TestServer;
let release: () => void;
beforeEach(async () => {
  server = await TestServer.start((request, response) => {
    if (request.url === "/held") release = () => response.end("held");
    if (request.url === "/done") response.end("all");
    if (request.url === "/body") response.write("part");
  });
});
afterEach(() => server[Symbol.asyncDispose]());

describe("behind a busy connection", () => {
  let pool: undici.Pool;
  let dispatcher: undici.Dispatcher;
  beforeEach(() => {
    pool = new undici.Pool(server.url, { connections: 1 });
    dispatcher = pool.compose(cancellationInterceptor());
  });
  afterEach(() => pool.close());

  const get = async (path: string) => (await dispatcher.request({ path, method: "GET" })).body.text();

  test.each<[string, () => Promise<unknown>]>([
    ["undici.request", () => get("/queued")],
    ["the built-in fetch", () => fetch(`${server.url}/queued`, { dispatcher } as RequestInit)],
  ])(
    "%s ends at once, is never sent, and the next one gets the connection (HOUT-03, HOUT-04)",
    async (_, load) => {
      const first = get("/held");
      await server.until(({ requests }) => requests.length === 1);
      const op = new Cancellable();
      const ending = op.settle(load);
      const next = get("/done");
      op.cancel();
      expect((await ending).status).toBe("cancelled"); // while the first request holds the connection
      release();
      expect([await first, await next]).toEqual(["held", "all"]);
      expect(server.requests.map(({ url }) => url)).toEqual(["/held", "/done"]);
    },
  );

  test("cancelling the request that holds the connection lets the next one run", async () => {
    const op = new Cancellable();
    const ending = op.settle(() => get("/silent"));
    await server.until(({ requests }) => requests.length === 1);
    const next = new Cancellable().settle(() => get("/done"));
    op.cancel();
    expect((await ending).status).toBe("cancelled");
    expect(await next).toMatchObject({ status: "completed", value: "all" });
  });

  test("a queued upload closes its source (HOUT-03)", async () => {
    const first = get("/held");
    await server.until(({ requests }) => requests.length === 1);
    const op = new Cancellable();
    const source = Readable.from(["never sent"]);
    const closed = new Promise<unknown>((resolve) => source.once("error", resolve));
    const ending = op.settle(() => dispatcher.request({ path: "/up", method: "POST", body: source }));
    op.cancel("disconnect");
    expect((await ending).status).toBe("cancelled");
    expect(await closed).toBe(op.error);
    release();
    expect(await first).toBe("held");
  });
});

describe("the other calls of undici", () => {
  let installed: Disposable;
  beforeEach(() => {
    installed = installInterceptor();
  });
  afterEach(() => installed[Symbol.dispose]());

  test.each<[string, (url: string) => Promise<unknown>]>([
    [
      "stream",
      (url) => undici.stream(url, { method: "GET" }, () => new Writable({ write: (_c, _e, done) => done() })),
    ],
    [
      "pipeline",
      (url) =>
        undici
          .pipeline(url, { method: "GET" }, ({ body }) => body)
          .end()
          .resume()
          .toArray(),
    ],
    ["upgrade", (url) => undici.upgrade(url)],
    ["connect", (url) => undici.connect(url)],
  ])("undici.%s ends with the operation, and its socket closes (HOUT-01)", async (_, load) => {
    const op = new Cancellable();
    const ending = op.settle(() => load(`${server.url}/silent`));
    await server.until(({ requests }) => requests.length === 1);
    op.cancel("disconnect");
    expect(await ending).toMatchObject({ status: "cancelled", error: op.error });
    await server.until(({ closed }) => closed === 1);
  });
});

describe("signals and listeners", () => {
  let installed: Disposable;
  beforeEach(() => {
    installed = installInterceptor();
  });
  afterEach(() => installed[Symbol.dispose]());

  test("the first one of an own signal and the operation ends a request, with its reason (HOUT-06)", async () => {
    const loads: Array<(signal: AbortSignal) => Promise<unknown>> = [
      (signal) => fetch(`${server.url}/silent`, { signal }),
      (signal) => undici.request(`${server.url}/silent`, { signal }),
    ];
    for (const [i, load] of loads.entries()) {
      const own = new AbortController();
      const reason = new Error("enough");
      const op = new Cancellable();
      const ending = op.settle(() => load(own.signal));
      await server.until(({ requests }) => requests.length === 2 * i + 1);
      own.abort(reason);
      op.cancel();
      expect(await ending).toMatchObject({ status: "failed", error: reason });

      const other = new AbortController();
      const op2 = new Cancellable();
      const ending2 = op2.settle(() => load(other.signal));
      await server.until(({ requests }) => requests.length === 2 * i + 2);
      op2.cancel();
      const outcome = await ending2;
      other.abort(reason);
      expect(outcome).toMatchObject({ status: "cancelled", error: op2.error });
    }
    await server.until(({ closed }) => closed === 4);
  });

  test("1,000 calls in one operation leave no listener and no wait, and cause no warning (HOUT-06)", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on("warning", onWarning);
    const load = async () => void (await (await fetch(`${server.url}/done`)).text());
    await load(); // opens the connections
    await expectNoLeaks(
      () =>
        new Cancellable({ timeout: { minutes: 5 } }).run(async () => {
          for (let i = 0; i < 500; i++) {
            await load();
            await (await undici.request(`${server.url}/done`)).body.dump();
          }
          expect(getEventListeners(currentSignal(), "abort")).toHaveLength(0);
        }),
      { ignore: ["TCPSocketWrap", "TCPWRAP", "Timeout"] },
    );
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  }, 60_000);

  test("100 requests at once end with their operation, and all sockets close (HOUT-01)", async () => {
    const op = new Cancellable();
    const ending = op.settle(() =>
      Promise.all(Array.from({ length: 100 }, () => fetch(`${server.url}/silent`))),
    );
    await server.until(({ requests }) => requests.length === 100);
    op.cancel("disconnect");
    expect((await ending).status).toBe("cancelled");
    await server.until(({ closed }) => closed === 100);
  });

  test("a request that waitFor has left behind is cancelled, too (HOUT-01)", async () => {
    const op = new Cancellable();
    let left: Promise<unknown> | undefined;
    const ending = op.settle(() =>
      waitFor(() => {
        left = fetch(`${server.url}/silent`);
        return left;
      }),
    );
    await server.until(({ requests }) => requests.length === 1);
    op.cancel();
    expect((await ending).status).toBe("cancelled");
    await expect(left).rejects.toThrow("fetch failed");
    await server.until(({ closed }) => closed === 1);
  });
});
