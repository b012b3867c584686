import { Agent, get, type IncomingMessage, type RequestOptions, request } from "node:http";
import * as https from "node:https";
import { text } from "node:stream/consumers";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Cancellable, cancellationOf, failAfter, run, shield, sleep } from "@hother/cancelable";
import { expectNoLeaks, VirtualBackend } from "@hother/cancelable/testing";
import axios from "axios";
import got from "got";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { patchHttpAgents } from "../../src/node-client/index.ts";
import { TestServer } from "../undici/server.ts";

const minute = 60_000;
const name = "x-request-timeout-ms";

let server: TestServer;
let release: () => void;
let patch: Disposable;
beforeEach(async () => {
  server = await TestServer.start((request, response) => {
    const path = request.url?.replace(/\?.*/, "");
    if (path === "/held") release = () => response.end("held");
    if (path === "/body" || path === "/bucket/body") {
      response.setHeader("content-length", 1_000);
      response.write("part");
    }
    if (path === "/done") response.end("all");
    if (path === "/busy") response.writeHead(503).end();
  });
  patch = patchHttpAgents();
});
afterEach(async () => {
  patch[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

/** Resolves when the headers are there. */
const open = (path: string, options: RequestOptions = {}) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    get(`${server.url}${path}`, options, resolve).on("error", reject);
  });
const load = async (path: string, options?: RequestOptions) => text(await open(path, options));
const values = () => server.header(name).map(Number);

interface Client {
  readonly name: string;
  /** Resolves when the headers are there. The result reads the body. */
  readonly open: (path: string) => Promise<() => Promise<unknown>>;
  /** Whether the error of the client is the very reason. Otherwise its `cause` leads to the reason. */
  readonly throwsReason: boolean;
  /** Whether an error in the body leads to the reason. */
  readonly keepsReasonOfBody: boolean;
}

const s3 = () =>
  new S3Client({
    endpoint: server.url,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: "a", secretAccessKey: "s" },
  });

const clients: readonly Client[] = [
  {
    name: "node:http",
    throwsReason: true,
    keepsReasonOfBody: true,
    open: async (path) => {
      const response = await open(path);
      return () => text(response);
    },
  },
  {
    name: "@aws-sdk/client-s3",
    throwsReason: true,
    keepsReasonOfBody: true,
    open: async (path) => {
      const { Body } = await s3().send(new GetObjectCommand({ Bucket: "bucket", Key: path.slice(1) }));
      return async () => Body?.transformToString();
    },
  },
  {
    name: "axios",
    throwsReason: false,
    keepsReasonOfBody: true,
    open: async (path) => {
      const { data } = await axios.get(`${server.url}${path}`, { adapter: "http", responseType: "stream" });
      return () => text(data);
    },
  },
  {
    name: "got",
    throwsReason: false,
    keepsReasonOfBody: false, // got listens to `aborted`, which has no error
    open: async (path) => {
      const stream = got.stream(`${server.url}${path}`);
      await new Promise((resolve, reject) => stream.once("response", resolve).once("error", reject));
      return () => text(stream);
    },
  },
];

describe.each(clients)("$name", ({ open: openWith, throwsReason, keepsReasonOfBody }) => {
  const keep = (thrown: unknown[]) => (error: unknown) => {
    thrown.push(error);
    throw error;
  };

  test("ends while it waits for headers: the socket closes, and the error has the reason (HOUT-01, HOUT-02)", async () => {
    const op = new Cancellable();
    const thrown: unknown[] = [];
    const ending = op.settle(() => openWith("/silent").catch(keep(thrown)));
    await server.until(({ requests }) => requests.length === 1);
    op.cancel("disconnect");
    expect((await ending).status).toBe("cancelled");
    expect(throwsReason ? thrown[0] : cancellationOf(thrown[0])).toBe(op.error);
    await server.until(({ closed }) => closed === 1);
    expect(server.requests).toHaveLength(1); // no further attempt
  });

  test("ends while it reads the body: the socket closes, and the error has the reason (HOUT-01, HOUT-02)", async () => {
    const op = new Cancellable();
    const thrown: unknown[] = [];
    const ending = op.settle(async () => {
      const read = await openWith("/body");
      setImmediate(() => op.cancel("disconnect"));
      await read().catch(keep(thrown));
    });
    expect((await ending).status).toBe(keepsReasonOfBody ? "cancelled" : "failed");
    if (keepsReasonOfBody) expect(throwsReason ? thrown[0] : cancellationOf(thrown[0])).toBe(op.error);
    await server.until(({ closed }) => closed === 1);
  });

  test("sends nothing in a cancelled operation (HOUT-03)", async () => {
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      op.cancel();
      await openWith("/silent");
    });
    expect(outcome.status).toBe("cancelled");
    expect(server.requests).toHaveLength(0);
  });
});

test("the S3 client reads a body in parts: the parts are kept, and the socket closes (HOUT-09)", async () => {
  const op = new Cancellable();
  let parts = "";
  const ending = op.settle(async () => {
    const { Body } = await s3().send(new GetObjectCommand({ Bucket: "bucket", Key: "body" }));
    for await (const part of Body as AsyncIterable<Uint8Array>) {
      parts += new TextDecoder().decode(part);
      op.cancel();
    }
  });
  expect((await ending).status).toBe("cancelled");
  expect(parts).toBe("part");
  await server.until(({ closed }) => closed === 1);
});

test("an upload of the S3 client ends while it is sent, and sends no header after its signature", async () => {
  const op = new Cancellable({ timeout: minute });
  const ending = op.settle(() =>
    s3().send(new PutObjectCommand({ Bucket: "bucket", Key: "up", Body: Buffer.alloc(5_000_000) })),
  );
  await server.until(({ requests }) => requests.length === 1);
  op.cancel();
  expect((await ending).status).toBe("cancelled");
  await server.until(({ closed }) => closed === 1);
});

describe("in the queue of an agent", () => {
  let agent: Agent;
  beforeEach(() => {
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
  });
  afterEach(() => agent.destroy());

  test("a request ends at once, is never sent, and the next one gets the socket (HOUT-03, HOUT-04)", async () => {
    const first = load("/held", { agent });
    await server.until(({ requests }) => requests.length === 1);
    const op = new Cancellable();
    const ending = op.settle(() => load("/queued", { agent }));
    const next = load("/done", { agent });
    op.cancel();
    expect(await ending).toMatchObject({ status: "cancelled", error: op.error }); // the socket is still held
    release();
    expect([await first, await next]).toEqual(["held", "all"]);
    expect(server.requests.map(({ url }) => url)).toEqual(["/held", "/done"]);
  });

  test("cancelling the request that holds the socket lets the next one run", async () => {
    const op = new Cancellable();
    const ending = op.settle(() => load("/silent", { agent }));
    await server.until(({ requests }) => requests.length === 1);
    const next = new Cancellable().settle(() => load("/done", { agent }));
    op.cancel();
    expect((await ending).status).toBe("cancelled");
    expect(await next).toMatchObject({ status: "completed", value: "all" });
  });

  test("the header has what is left when the request gets its socket (DL-01)", async () => {
    const first = load("/held", { agent });
    await server.until(({ requests }) => requests.length === 1);
    await failAfter(minute, async () => {
      const plain = load("/done", { agent });
      const post = new Promise<IncomingMessage>((resolve, reject) => {
        request(`${server.url}/done`, { agent, method: "POST" }, resolve)
          .on("error", reject)
          .end(Buffer.from(`\r\n${name}: 60000\r\n`));
      });
      await sleep(30);
      release();
      expect([await plain, await text(await post)]).toEqual(["all", "all"]);
    });
    expect(await first).toBe("held");
    const [, plain, post] = values();
    expect(plain).toBeLessThanOrEqual(minute - 30);
    expect(post).toBeLessThanOrEqual(minute - 30);
  });

  test("a request that has less than 1 ms left is not sent, and ends with the timeout (DL-01)", async () => {
    const backend = new VirtualBackend({ autoJump: false });
    const first = load("/held", { agent });
    await server.until(({ requests }) => requests.length === 1);
    const late = run(() => failAfter(100, () => load("/late", { agent })), { backend });
    late.catch(() => {});
    await backend.advance(99.5);
    release();
    expect(await first).toBe("held");
    expect(await load("/done", { agent })).toBe("all");
    await backend.advance(0.5);
    await expect(late).rejects.toMatchObject({ name: "TimeoutError", reason: "timeout" });
    expect(server.requests.map(({ url }) => url)).toEqual(["/held", "/done"]);
  });
});

describe("the header", () => {
  test("has the whole milliseconds that are left, and not those of shielded work (DL-01, DL-08)", async () => {
    await load("/done");
    await failAfter(minute, async () => {
      await load("/done");
      await shield(() => load("/done"));
      await load("/done", { headers: { "X-Request-Timeout-MS": "5" } });
      await load("/done", { headers: [["host", "x"]] as never }); // these headers are written already
    });
    expect(server.header(name)).toEqual([
      undefined,
      expect.stringMatching(/^\d+$/),
      undefined,
      "5",
      undefined,
    ]);
    expect(values()[1]).toBeLessThanOrEqual(minute);
  });

  test("can have another name and format, or be left out", async () => {
    patch[Symbol.dispose]();
    patch = patchHttpAgents({ deadlineHeader: "grpc-timeout" });
    await run(() => failAfter(1_500, () => load("/done")), {
      backend: new VirtualBackend({ autoJump: false }),
    });
    patch[Symbol.dispose]();
    patch = patchHttpAgents({ deadlineHeader: false });
    await failAfter(minute, () => load("/done"));
    expect(server.header("grpc-timeout")).toEqual(["1500m", undefined]);
    expect(server.header(name)).toEqual([undefined, undefined]);
  });
});

describe("the patch", () => {
  const prototype = Agent.prototype as unknown as { addRequest: unknown };

  test("is undone, also in another order, and nothing is patched without it (HOUT-08)", async () => {
    patch[Symbol.dispose]();
    const original = prototype.addRequest;
    const first = patchHttpAgents();
    const second = patchHttpAgents({ deadlineHeader: "x-second" });
    await failAfter(minute, () => load("/done"));
    first[Symbol.dispose]();
    await failAfter(minute, () => load("/done"));
    second[Symbol.dispose]();
    second[Symbol.dispose]();
    await failAfter(minute, () => load("/done"));
    expect(server.header("x-second")).toEqual([expect.any(String), expect.any(String), undefined]);
    expect(server.header(name)).toEqual([undefined, undefined, undefined]);
    const third = patchHttpAgents();
    third[Symbol.dispose]();
    // The first patch was below the second when it was undone: it is switched off, and stays.
    const op = new Cancellable();
    expect((await op.settle(() => (op.cancel(), load("/done")))).status).toBe("completed");
    prototype.addRequest = original;
  });

  test("reaches https, and refuses wrong options and a host without addRequest", () => {
    expect((https.Agent.prototype as unknown as typeof prototype).addRequest).toBe(prototype.addRequest);
    expect(() => patchHttpAgents({ deadlineHeader: 5 as never })).toThrow(
      "options.deadlineHeader must be an object; got 5",
    );
    expect(() => patchHttpAgents({ header: 1 } as never)).toThrow(/is not an option of patchHttpAgents/);
    const { addRequest } = prototype;
    prototype.addRequest = undefined;
    expect(() => patchHttpAgents()).toThrow(/^patchHttpAgents\(\) is not available on this host/);
    prototype.addRequest = addRequest;
  });
});

test("1,000 calls in one operation leave no listener and no wait, and cause no warning (HOUT-06)", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  process.on("warning", onWarning);
  const agent = new Agent({ keepAlive: true });
  await load("/done", { agent });
  await expectNoLeaks(
    () =>
      new Cancellable({ timeout: { minutes: 5 } }).run(async () => {
        for (let i = 0; i < 1_000; i++) await load("/done", { agent });
      }),
    { ignore: ["TCPSocketWrap", "TCPWRAP", "Timeout"] },
  );
  agent.destroy();
  process.off("warning", onWarning);
  expect(warnings).toEqual([]);
}, 60_000);
