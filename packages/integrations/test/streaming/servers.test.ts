/* Streamed answers of all servers, over real connections. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { type Cancellable, setReporter, shield, sleep } from "@hother/cancelable";
import express from "express";
import { fastify } from "fastify";
import { H3, toNodeHandler } from "h3";
import { Hono } from "hono";
import { afterEach, expect, test } from "vitest";
import { cancelable as expressCancelable } from "../../src/express/index.ts";
import { cancelable as fastifyCancelable } from "../../src/fastify/index.ts";
import { fetchHandler } from "../../src/fetch-handler/index.ts";
import { cancelable as h3Cancelable } from "../../src/h3/index.ts";
import { cancelable as honoCancelable } from "../../src/hono/index.ts";
import type { RequestEnd } from "../../src/http/request-end.ts";
import type { RequestOptions } from "../../src/http/request-options.ts";
import { requestListener } from "../../src/node-http/index.ts";
import { type SseEvent, sendSse, sseResponse } from "../../src/streaming/index.ts";
import { hostName, serve as serveWeb } from "../fetch-handler/host.ts";
import type { Client } from "../server-kit/answer.ts";
import { Gate } from "../server-kit/gate.ts";
import { http2Client } from "../server-kit/http2-client.ts";
import { http1Client } from "../server-kit/raw-connection.ts";

type Events = (operation: Cancellable) => AsyncIterable<SseEvent>;

interface Started {
  readonly port: number;
  close(): unknown;
}

/** A server that answers each request with events. */
interface StreamingServer {
  readonly name: string;
  readonly http2?: true;
  start(events: Events, options: RequestOptions<unknown>): Promise<Started>;
}

async function listening(server: Server): Promise<Started> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

const web: StreamingServer = {
  name: `a fetch handler on ${hostName}`,
  start: (events, options) =>
    serveWeb(fetchHandler((_request, operation) => sseResponse(events(operation)), options)),
};

const onNode: readonly StreamingServer[] = [
  {
    name: "node:http",
    start: (events, options) =>
      listening(
        createServer(
          requestListener((_request, response, operation) => sendSse(response, events(operation)), options),
        ),
      ),
  },
  {
    name: "node:http2",
    http2: true,
    start(events, options) {
      const listener = requestListener(
        (_request, response, operation) => sendSse(response, events(operation)),
        options,
      );
      // The types of node:http2 know nothing of the classes of node:http, which its own ones imitate.
      return listening(createHttp2Server(listener as never) as never);
    },
  },
  {
    name: "Express",
    start(events, options) {
      const app = express();
      app.use(expressCancelable(options));
      app.get("/things/:id", async (request, response) => {
        await sendSse(response, events(request.operation));
      });
      app.use(((_error, _request, _response, _next) => {}) satisfies express.ErrorRequestHandler);
      return listening(createServer(app));
    },
  },
  {
    name: "Fastify",
    async start(events, options) {
      const app = fastify();
      await app.register(fastifyCancelable, options);
      app.get("/things/:id", (request) => sseResponse(events(request.operation)));
      await app.ready();
      const started = await listening(app.server);
      return { port: started.port, close: () => (started.close(), app.close()) };
    },
  },
  {
    name: "Fastify with a hijacked reply",
    async start(events, options) {
      const app = fastify();
      await app.register(fastifyCancelable, options);
      app.get("/things/:id", async (request, reply) => {
        reply.hijack();
        await sendSse(reply.raw, events(request.operation)).catch(() => {});
      });
      await app.ready();
      const started = await listening(app.server);
      return { port: started.port, close: () => (started.close(), app.close()) };
    },
  },
  {
    name: "h3",
    start(events, options) {
      const app = new H3();
      app.use(h3Cancelable(options));
      app.get("/things/:id", (event) => sseResponse(events(event.context.operation)));
      return listening(createServer(toNodeHandler(app)));
    },
  },
];

const hono: StreamingServer = {
  name: `Hono on ${hostName}`,
  start(events, options) {
    const app = new Hono();
    app.use(honoCancelable(options));
    app.get("/things/:id", (c) => sseResponse(events(c.var.operation)));
    return serveWeb(app.fetch);
  },
};

let cleanUp: Array<() => unknown> = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0)) await step();
  cleanUp = [];
});

interface Running {
  readonly client: Client;
  readonly port: number;
  readonly ends: ReadonlyArray<RequestEnd<unknown>>;
  readonly reports: unknown[];
}

async function start(server: StreamingServer, events: Events): Promise<Running> {
  const ends: Array<RequestEnd<unknown>> = [];
  const reports: unknown[] = [];
  const before = setReporter((error) => reports.push(error));
  const { port, close } = await server.start(events, { onEnd: (end) => ends.push(end) });
  const client = server.http2 ? http2Client(port) : http1Client(port);
  cleanUp.push(
    () => client.close(),
    close,
    () => setReporter(before),
  );
  return { client, port, ends, reports };
}

// The servers of Node differ on other hosts, which have their own servers.
for (const server of hostName === "Node" ? [...onNode, web, hono] : [web, hono]) {
  test(`${server.name}: events arrive one by one, and both sides end (HIN-21)`, async () => {
    const next = new Gate();
    const { client, ends, reports } = await start(server, async function* () {
      yield { id: "1", data: "one\ntwo" };
      await next.opened;
      yield { event: "last", data: "three" };
    });
    const request = client.send();
    await request.received("data: two");
    expect(ends).toEqual([]);
    next.open();
    expect(await request.answer).toMatchObject({
      status: 200,
      body: ":\n\nid: 1\ndata: one\ndata: two\n\nevent: last\ndata: three\n\n",
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
      isComplete: true,
    });
    await expect.poll(() => ends.length).toBe(1);
    expect(ends[0]).toMatchObject({ status: 200, sent: "whole", reason: undefined });
    expect(ends[0]?.operation.status).toBe("completed");
    expect(reports).toEqual([]);
  });

  // The client of HTTP/2 waits for the whole answer.
  if (!server.http2)
    test(`${server.name}: the head arrives before the first event (HIN-21)`, async () => {
      const first = new Gate();
      const { port } = await start(server, async function* () {
        await first.opened;
        yield { data: "first" };
      });
      const answer = await fetch(`http://127.0.0.1:${port}/things/1`);
      expect(answer.status).toBe(200);
      first.open();
      expect(await answer.text()).toBe(":\n\ndata: first\n\n");
    });

  test(`${server.name}: a client that leaves closes the source before its operation ends (HIN-21)`, async () => {
    const steps: string[] = [];
    const { client, ends, reports } = await start(server, async function* () {
      try {
        yield { data: "first" };
        await sleep({ minutes: 10 });
      } finally {
        await shield(() => sleep(20));
        steps.push("closed");
      }
    });
    const request = client.send();
    await request.received("first");
    request.leave();
    await expect.poll(() => ends.length).toBe(1);
    expect(steps).toEqual(["closed"]);
    expect(ends[0]).toMatchObject({ status: 499, sent: "cut", reason: "disconnect" });
    expect(reports).toEqual([]);
  });

  test(`${server.name}: a shutdown breaks the events off and closes the source (HIN-21)`, async () => {
    const steps: string[] = [];
    let operation: Cancellable | undefined;
    const { client, ends, reports } = await start(server, async function* (given) {
      operation = given;
      try {
        yield { data: "first" };
        await sleep({ minutes: 10 });
        yield { data: "never" };
      } finally {
        steps.push("closed");
      }
    });
    const request = client.send();
    await request.received("first");
    operation?.cancel("shutdown");
    expect(await request.answer).toMatchObject({ body: ":\n\ndata: first\n\n", isComplete: false });
    await expect.poll(() => ends.length).toBe(1);
    expect(steps).toEqual(["closed"]);
    expect(ends[0]).toMatchObject({ status: 200, sent: "cut", reason: "shutdown" });
    expect(reports).toEqual([]);
  });

  test(`${server.name}: a source that fails breaks the answer off, visibly for the client (HIN-21)`, async () => {
    const failing = new Gate();
    const { client, ends } = await start(server, async function* () {
      yield { data: "first" };
      await failing.opened;
      throw new Error("broken source");
    });
    const request = client.send();
    await request.received("first");
    failing.open();
    expect(await request.answer).toMatchObject({ body: ":\n\ndata: first\n\n", isComplete: false });
    await expect.poll(() => ends.length).toBe(1);
    expect(ends[0]).toMatchObject({ sent: "cut", reason: undefined });
    expect(ends[0]?.operation.status).toBe("failed");
    expect(ends[0]?.operation.isCancelled).toBe(false);
  });
}
