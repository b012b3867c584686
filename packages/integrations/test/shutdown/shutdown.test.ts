import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import * as http2 from "node:http2";
import { type AddressInfo, connect, type Socket } from "node:net";
import { Cancellable, run, sleep } from "@hother/cancelable";
import { VirtualBackend } from "@hother/cancelable/testing";
import Fastify from "fastify";
import { afterEach, describe, expect, test } from "vitest";
import { type RequestEnd, requestListener } from "../../src/node-http/index.ts";
import { gracefulShutdown } from "../../src/shutdown/index.ts";

const ends: RequestEnd<IncomingMessage>[] = [];
const clients: { destroy(): unknown }[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  ends.length = 0;
});

/** A promise and the function that fulfils it. */
function signal(): { readonly promise: Promise<void>; readonly give: () => void } {
  let give = (): void => {};
  const promise = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { promise, give };
}

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

interface Service {
  readonly server: Server;
  readonly port: number;
  /** Lets `/wait` go on. */
  readonly release: () => void;
  /** Resolves when a request for `/wait`, `/stream` or `/forever` has arrived. */
  readonly arrived: Promise<void>;
}

/** A server whose requests are operations. */
async function start(): Promise<Service> {
  const arrived = signal();
  const released = signal();
  const server = createServer(
    requestListener(
      async (request, response, op) => {
        arrived.give();
        if (request.url === "/wait") await op.waitFor(released.promise);
        if (request.url === "/stream") response.write("begin ");
        if (request.url === "/forever" || request.url === "/stream") {
          try {
            await sleep(1_000_000);
          } finally {
            await op.shield(() => sleep(5));
            response.end("cleaned up");
          }
        }
        response.end("done");
      },
      { onEnd: (end) => ends.push(end), route: (request) => request.url },
    ),
  );
  return { server, port: await listen(server), release: released.give, arrived: arrived.promise };
}

/** A connection that sends `text`, and what was received until its end. */
function open(port: number, text: string): { readonly socket: Socket; readonly received: Promise<string> } {
  const socket = connect(port, "127.0.0.1");
  clients.push(socket);
  const received = new Promise<string>((resolve) => {
    let all = "";
    socket.setEncoding("latin1").on("data", (part: string) => {
      all += part;
    });
    socket.on("error", () => {}).on("close", () => resolve(all));
  });
  if (text !== "") socket.write(text);
  return { socket, received };
}

const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

test("running requests finish, and the promise resolves right then (SHD-01)", async () => {
  const { server, port, release, arrived } = await start();
  const { received } = open(port, request("/wait"));
  await arrived;
  const shutdown = gracefulShutdown(server, { drain: null });
  expect(server.listening).toBe(false);
  release();
  const report = await shutdown;
  expect(report).toMatchObject({ finished: 1, cancelled: 0, abandoned: 0 });
  expect(await received).toMatch(/^HTTP\/1\.1 200 OK\r\n(.*\r\n)*\r\n.*done/);
});

test("an answer that begins during the drain says that the connection closes (SHD-02)", async () => {
  const { server, port, release, arrived } = await start();
  const { received } = open(port, request("/wait"));
  await arrived;
  const shutdown = gracefulShutdown(server, { drain: null });
  release();
  await shutdown;
  expect(await received).toMatch(/\r\nConnection: close\r\n/);
});

test("an answer whose head was sent before the shutdown is completed, and its connection closes after it (SHD-01)", async () => {
  const arrived = signal();
  const released = signal();
  const server = createServer(
    requestListener(async (_request, response) => {
      response.write("first ");
      arrived.give();
      await released.promise;
      response.end("last");
    }),
  );
  const port = await listen(server);
  const { received } = open(port, request("/"));
  await arrived.promise;
  const shutdown = gracefulShutdown(server, { drain: null });
  released.give();
  expect((await shutdown).finished).toBe(1);
  expect(await received).toContain("last");
});

test("requests that arrive during the drain are served, and are the last ones on their connections (SHD-02)", async () => {
  const { server, port, release, arrived } = await start();
  const socket = open(port, request("/wait"));
  await arrived;
  const shutdown = gracefulShutdown(server, { drain: null });
  const second = once(server, "request");
  socket.socket.write(request("/quick"));
  await second;
  release();
  await shutdown;
  const all = await socket.received;
  expect(all.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
});

describe("what is not done after the drain", () => {
  test("is cancelled, answered with 503, and awaited (SHD-03)", async () => {
    const { server, port, arrived } = await start();
    const { received } = open(port, request("/forever"));
    await arrived;
    const report = await gracefulShutdown(server, { drain: 10, grace: null });
    expect(report).toMatchObject({ finished: 0, cancelled: 1, abandoned: 0 });
    expect(await received).toMatch(/^HTTP\/1\.1 503 .*\r\n(.*\r\n)*retry-after: 1\r\n/i);
    expect(ends).toMatchObject([{ reason: "shutdown", status: 503, sent: "whole" }]);
    expect(ends[0]?.operation.status).toBe("cancelled");
  });

  test("is cut where the answer has begun, and no one counts as a client that left (SHD-03)", async () => {
    const { server, port, arrived } = await start();
    const { received } = open(port, request("/stream"));
    await arrived;
    await gracefulShutdown(server, { drain: 10, grace: null });
    const all = await received;
    expect(all).toContain("begin ");
    expect(all).not.toContain("0\r\n\r\n");
    expect(ends).toMatchObject([{ reason: "shutdown", sent: "cut" }]);
  });

  test("is abandoned after the grace (SHD-03)", async () => {
    const stuck = signal();
    const arrived = signal();
    const server = createServer(
      requestListener(async () => {
        arrived.give();
        await stuck.promise; // deaf to the cancellation
      }),
    );
    const port = await listen(server);
    const { received } = open(port, request("/"));
    await arrived.promise;
    const report = await gracefulShutdown(server, { drain: 0, grace: 10 });
    expect(report).toMatchObject({ abandoned: 1 });
    expect(await received).toMatch(/^HTTP\/1\.1 503/);
    stuck.give();
  });
});

describe("health checks", () => {
  test("answer 503 from the first moment, while other requests are served (SHD-04)", async () => {
    const { server, port, release, arrived } = await start();
    const waiting = open(port, request("/wait"));
    await arrived;
    const time = new VirtualBackend({ autoJump: false });
    const shutdown = run(() => gracefulShutdown(server, { drain: null, delay: 200, health: "/health" }), {
      backend: time,
    });
    expect(server.listening).toBe(true);
    const health = await fetch(`http://127.0.0.1:${port}/health?full=1`);
    const other = await fetch(`http://127.0.0.1:${port}/quick`);
    expect([health.status, health.headers.get("retry-after"), other.status]).toEqual([503, "1", 200]);
    await time.advance(200);
    expect(server.listening).toBe(false);
    release();
    // The waiting request, and the quick one that came and went during the delay.
    expect(await shutdown).toMatchObject({ finished: 2, cancelled: 0 });
    expect(await waiting.received).toMatch(/^HTTP\/1\.1 200/);
  });

  test("requests on open connections are refused where the option says so (SHD-04)", async () => {
    const { server, port, release, arrived } = await start();
    const waiting = open(port, request("/wait"));
    await arrived;
    const time = new VirtualBackend({ autoJump: false });
    const options = { drain: null, delay: 200, refuse: true, retryAfter: 2_500 };
    const shutdown = run(() => gracefulShutdown(server, options), { backend: time });
    const other = await fetch(`http://127.0.0.1:${port}/quick`);
    expect([other.status, other.headers.get("retry-after")]).toEqual([503, "3"]);
    await time.advance(200);
    release();
    await shutdown;
    expect(await waiting.received).toMatch(/^HTTP\/1\.1 200/);
  });
});

test("idle, never used and half-sent connections do not hold a shutdown up (SHD-06)", async () => {
  const { server, port } = await start();
  const idle = open(port, request("/quick"));
  await once(idle.socket, "data");
  const half = open(port, "GET / HT");
  const unused = open(port, "");
  await once(unused.socket, "connect");
  // A further connection is accepted after the three.
  await (await fetch(`http://127.0.0.1:${port}/quick`)).text();
  await expect.poll(() => ends.length).toBe(2); // the client can have the answer before
  const report = await gracefulShutdown(server, { drain: null });
  expect(report).toMatchObject({ finished: 0, cancelled: 0 });
  await Promise.all([idle.received, half.received, unused.received]);
});

describe("HTTP/2", () => {
  test("running streams finish, idle sessions get GOAWAY, and all sessions close (SHD-05)", async () => {
    const arrived = signal();
    const released = signal();
    const listener = requestListener(
      async (request, response) => {
        if (request.url === "/wait") {
          arrived.give();
          await released.promise;
        }
        response.end("done");
      },
      { onEnd: (end) => ends.push(end) },
    );
    const server = http2.createServer((request, response) => {
      listener(request as unknown as IncomingMessage, response as never); // the compatible interface of HTTP/2
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const [busy, idle] = [http2.connect(url), http2.connect(url)];
    clients.push(busy, idle);
    const ask = async (session: http2.ClientHttp2Session, path: string): Promise<string> => {
      let text = "";
      for await (const part of session.request({ ":path": path })) text += String(part);
      return text;
    };
    expect(await ask(idle, "/")).toBe("done");
    await expect.poll(() => ends.length).toBe(1); // the client can have the answer before
    const goaway = once(idle, "goaway");
    const answer = ask(busy, "/wait");
    await arrived.promise;
    const shutdown = gracefulShutdown(server, { drain: null });
    await goaway;
    released.give();
    expect(await answer).toBe("done");
    expect(await shutdown).toMatchObject({ finished: 1, cancelled: 0 });
  });
});

test("Fastify with its defaults: a running request finishes, and the server closes right then (SHD-01)", async () => {
  const app = Fastify();
  const arrived = signal();
  const released = signal();
  app.get("/", async () => {
    arrived.give();
    await released.promise;
    return "done";
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  const { received } = open((app.server.address() as AddressInfo).port, request("/"));
  await arrived.promise;
  const shutdown = gracefulShutdown(app.server, { drain: null });
  released.give();
  await shutdown;
  await app.close();
  expect(await received).toMatch(/^HTTP\/1\.1 200/);
});

test("the requests come first, then what they use (SHD-09)", async () => {
  const { server, port, release, arrived } = await start();
  const order: string[] = [];
  const { received } = open(port, request("/wait"));
  await arrived;
  const main = Cancellable.withTimeout(null);
  const ended = main.settle(async () => {
    try {
      await sleep(1_000_000);
    } finally {
      await gracefulShutdown(server, { drain: null }); // in a cancelled scope
      order.push("requests");
      order.push("pool");
    }
  });
  main.cancel("shutdown");
  release();
  await ended;
  expect(await received).toContain("done");
  expect(order).toEqual(["requests", "pool"]);
});

test("a second call returns the same promise, and a server that is closed already is shut down at once", async () => {
  const { server } = await start();
  const first = gracefulShutdown(server);
  expect(gracefulShutdown(server)).toBe(first);
  await first;
  expect(await gracefulShutdown(server)).toMatchObject({ finished: 0, cancelled: 0, abandoned: 0 });
  const never = createServer();
  expect(await gracefulShutdown(never)).toMatchObject({ finished: 0 });
});

test("wrong arguments are refused, and the server goes on", async () => {
  const { server, port } = await start();
  const wrong = <T>(value: unknown): T => value as T;
  expect(() => gracefulShutdown(wrong({}))).toThrow(
    /^server must be a server of node:http, node:https or node:http2/,
  );
  expect(() => gracefulShutdown(server, wrong({ drian: 5 }))).toThrow(
    /options\.drian .* did you mean drain\?/,
  );
  expect(() => gracefulShutdown(server, { drain: Number.NaN })).toThrow(/^options\.drain/);
  expect(() => gracefulShutdown(server, { health: "health" })).toThrow(/^options\.health must be a path/);
  expect(() => gracefulShutdown(server, { refuse: wrong("yes") })).toThrow(
    /^options\.refuse must be true or false/,
  );
  expect((await fetch(`http://127.0.0.1:${port}/quick`)).status).toBe(200);
  await gracefulShutdown(server);
});
