import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { Router } from "@koa/router";
import Koa from "koa";
import { cancelable, limit } from "../../src/koa/index.ts";
import type { App, Host, Reply, Route, Started } from "../server-kit/host.ts";

function application({ routes, options }: App, errors: unknown[]): Koa {
  const app = new Koa();
  app.on("error", (error) => errors.push(error));
  app.use(cancelable(options));
  for (const route of routes) {
    const router = new Router(route.mount === undefined ? {} : { prefix: route.mount });
    add(router, route);
    app.use(router.routes());
  }
  return app;
}

function add(router: Router, { method, pattern, timeout, handle }: Route): void {
  const handlers: Koa.Middleware[] = [
    async (context) => {
      const reply = await handle({
        operation: context.operation,
        text: () => text(context.req),
        chunks: () => context.req,
      });
      const { status = 200, headers = {}, body = null } = reply;
      context.set(headers);
      context.body = isGenerator(body) ? Readable.from(body) : body;
      context.status = status;
      context.set(headers); // for no body, Koa drops some of them, and the status
    },
  ];
  if (timeout !== undefined) handlers.unshift(limit(timeout));
  router[method.toLowerCase() as "get" | "head" | "post"](pattern, ...handlers); // the methods of the table
}

const isGenerator = (body: Reply["body"] | null): body is AsyncGenerator<string> =>
  typeof body === "object" && body !== null && "next" in body;

async function start(app: App): Promise<Started> {
  const errors: unknown[] = [];
  // A client of the tests can be idle for long on a loaded machine.
  const server = createServer({ keepAliveTimeout: 120_000 }, application(app, errors).callback());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    errors,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function startHttp2(app: App): Promise<Started> {
  const errors: unknown[] = [];
  const server = createHttp2Server(application(app, errors).callback());
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    errors,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

export const koaHosts: readonly Host[] = [
  { name: "Koa", protocol: "http1", streams: ["node", "iterator", "web"], start },
  { name: "Koa over HTTP/2", protocol: "http2", streams: ["node", "iterator", "web"], start: startHttp2 },
];
