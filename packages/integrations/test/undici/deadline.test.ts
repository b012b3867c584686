import { Cancellable, failAfter, run, shield, sleep } from "@hother/cancelable";
import { VirtualBackend } from "@hother/cancelable/testing";
import * as undici from "undici";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  cancellationInterceptor,
  installInterceptor,
  type OutgoingDeadlineOptions,
} from "../../src/undici/index.ts";
import { TestServer } from "./server.ts";

const minute = 60_000;
const name = "x-request-timeout-ms";

let server: TestServer;
let release: () => void;
beforeEach(async () => {
  // `/held` is answered when the test says so, everything else at once.
  server = await TestServer.start((request, response) => {
    if (request.url === "/held") release = () => response.end("held");
    else response.end("all");
  });
});
afterEach(() => server[Symbol.asyncDispose]());

/** The values of the deadline header that the server got, as numbers. */
const values = () => server.header(name).map(Number);

describe("the header", () => {
  let installed: Disposable | undefined;
  afterEach(() => installed?.[Symbol.dispose]());

  test.each([
    ["the built-in fetch", async () => void (await (await fetch(server.url)).text())],
    ["undici.fetch", async () => void (await (await undici.fetch(server.url)).text())],
    ["undici.request", async () => void (await (await undici.request(server.url)).body.text())],
  ])("of %s has the whole milliseconds that are left (DL-01)", async (_, load) => {
    installed = installInterceptor();
    await load();
    await failAfter(minute, async () => {
      await load();
      await failAfter(minute / 2, load);
      await failAfter(minute * 2, load);
    });
    expect(server.header(name)).toEqual([undefined, ...Array(3).fill(expect.stringMatching(/^\d+$/))]);
    const [, first, inner, outer] = values();
    expect(first).toBeLessThanOrEqual(minute);
    expect(inner).toBeLessThanOrEqual(minute / 2);
    expect(outer).toBeLessThanOrEqual(first as number);
    expect(inner).toBeGreaterThan(0);
  });

  test("is not sent by shielded and detached work (DL-08)", async () => {
    installed = installInterceptor();
    const load = async () => void (await (await undici.fetch(server.url)).text());
    await failAfter(minute, async () => {
      await shield(load);
      await new Cancellable({ parent: null }).run(load);
      await shield(load, { timeout: minute / 2 });
    });
    const [shielded, detached, limited] = server.header(name);
    expect([shielded, detached]).toEqual([undefined, undefined]);
    expect(Number(limited)).toBeLessThanOrEqual(minute / 2); // a limit of its own
  });

  test.each<[string, OutgoingDeadlineOptions, Record<string, unknown>]>([
    ["another name", { deadlineHeader: "X-Left" }, { "x-left": "1500" }],
    ["grpc-timeout", { deadlineHeader: "grpc-timeout" }, { "grpc-timeout": "1500m" }],
    ["a format", { deadlineHeader: { name: "x-left", format: "grpc" } }, { "x-left": "1500m" }],
    ["none", { deadlineHeader: false }, { [name]: undefined }],
  ])("can have %s", async (_, options, expected) => {
    installed = installInterceptor(options);
    await run(() => failAfter(1_500, async () => void (await undici.request(server.url)).body.dump()), {
      backend: new VirtualBackend({ autoJump: false }),
    });
    for (const [key, value] of Object.entries(expected)) expect(server.header(key)).toEqual([value]);
  });

  const pairs: ReadonlyArray<[string, string]> = [
    ["X-One", "1"],
    ["two", "2"],
    ["two", "3"],
  ];
  test.each<[string, () => unknown]>([
    ["an object", () => ({ "X-One": "1", two: ["2", "3"] })],
    ["an array", () => pairs.flat()],
    ["an iterator, which can be read once", () => pairs.values()],
    ["Headers", () => new undici.Headers(pairs as Array<[string, string]>)],
    ["a Map", () => new Map<string, unknown>([["X-One", "1"], ["two", ["2", "3"]]])], // biome-ignore format: pairs
  ])("is added to headers that are %s, and these stay as they are", async (_, headers) => {
    installed = installInterceptor();
    const load = async () =>
      void (await undici.request(server.url, { headers: headers() as never })).body.dump();
    await load(); // outside of every scope
    await new Cancellable().run(load); // without a deadline
    await failAfter(minute, load);
    expect(server.header("x-one")).toEqual(["1", "1", "1"]);
    expect(server.header("two")).toEqual(["2, 3", "2, 3", "2, 3"]);
    expect(server.header(name)).toEqual([undefined, undefined, expect.any(String)]);
  });

  test.each<[unknown, object]>([
    [["odd"], { code: "UND_ERR_INVALID_ARG" }],
    ["text", { code: "UND_ERR_INVALID_ARG" }],
    [
      [["a", "b", "c"]].values(),
      { message: 'options.headers must be pairs of a name and a value; got ["a","b","c"]' },
    ],
  ])("malformed headers are refused", async (headers, error) => {
    installed = installInterceptor();
    const call = failAfter(minute, () => undici.request(server.url, { headers: headers as never }));
    await expect(call).rejects.toMatchObject(error);
    expect(server.requests).toHaveLength(0);
  });

  test("the smaller one of the caller's value and the deadline is sent", async () => {
    installed = installInterceptor();
    await failAfter(minute, async () => {
      await (await undici.fetch(server.url, { headers: { [name]: "1000" } })).text();
      await (await undici.fetch(server.url, { headers: { "X-Request-Timeout-MS": "600000" } })).text();
      await (await undici.fetch(server.url, { headers: { [name]: "soon" } })).text();
    });
    const [smaller, larger, malformed] = values();
    expect(smaller).toBe(1_000);
    expect(larger).toBeLessThanOrEqual(minute);
    expect(malformed).toBeLessThanOrEqual(minute);
  });

  test("a dispatcher below that tries again sends a smaller value each time (DL-07)", async () => {
    const before = undici.getGlobalDispatcher();
    const agent = new undici.RetryAgent(new undici.Agent(), {
      statusCodes: [404],
      retry: (_error, { state }, callback) => {
        setTimeout(() => callback(state.counter > 2 ? new Error("enough") : null), 20);
        return null;
      },
    });
    const failing = await TestServer.start((_request, response) => response.writeHead(404).end());
    undici.setGlobalDispatcher(agent);
    installed = installInterceptor();
    await failAfter(minute, () => undici.request(failing.url)).catch(() => {});
    undici.setGlobalDispatcher(before);
    const sent = failing.header(name).map(Number);
    expect(sent.length).toBeGreaterThan(1);
    for (let i = 1; i < sent.length; i++) expect(sent[i]).toBeLessThanOrEqual((sent[i - 1] as number) - 19);
    await agent.close();
    await failing[Symbol.asyncDispose]();
  });
});

describe("in a queue", () => {
  let pool: undici.Pool;
  let dispatcher: undici.Dispatcher;
  beforeEach(() => {
    pool = new undici.Pool(server.url, { connections: 1 });
    dispatcher = pool.compose(cancellationInterceptor());
  });
  afterEach(() => pool.close());
  const get = async (path: string) => {
    const { body } = await dispatcher.request({ path, method: "GET" });
    return body.text();
  };

  test.each([
    ["undici.request", () => get("/queued")],
    [
      "the built-in fetch",
      async () => (await fetch(`${server.url}/queued`, { dispatcher } as RequestInit)).text(),
    ],
  ])("the header of %s has what is left when the request leaves the queue (DL-01)", async (_, queued) => {
    const first = get("/held");
    await server.until(({ requests }) => requests.length === 1);
    await failAfter(minute, async () => {
      const waiting = queued();
      await sleep(30);
      release();
      expect(await waiting).toBe("all");
    });
    expect(await first).toBe("held");
    expect(values()[1]).toBeLessThanOrEqual(minute - 30);
  });

  test("a request that has less than 1 ms left is not sent, and ends with the timeout (DL-01)", async () => {
    const backend = new VirtualBackend({ autoJump: false });
    const first = get("/held");
    await server.until(({ requests }) => requests.length === 1);
    const late = run(() => failAfter(100, () => get("/late")), { backend });
    late.catch(() => {});
    await backend.advance(99.5);
    release();
    expect(await first).toBe("held");
    // The connection has looked at the late request before it takes this one.
    expect(await get("/next")).toBe("all");
    await backend.advance(0.5);
    await expect(late).rejects.toMatchObject({ name: "TimeoutError", reason: "timeout" });
    expect(server.requests.map(({ url }) => url)).toEqual(["/held", "/next"]);
  });

  test("a call with less than 1 ms left, or with a limit that has passed unnoticed, sends nothing (DL-01)", async () => {
    const inTime = run(() => failAfter(0.5, () => get("/late")), { backend: new VirtualBackend() });
    await expect(inTime).rejects.toMatchObject({ name: "TimeoutError" });
    const blocked = failAfter(5, () => {
      const end = performance.now() + 10;
      while (performance.now() < end); // no timer can fire
      return get("/late");
    });
    await expect(blocked).rejects.toMatchObject({ name: "TimeoutError" });
    expect(server.requests).toHaveLength(0);
  });
});
