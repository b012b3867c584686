import { once } from "node:events";
import type { Server } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { createAdaptorServer } from "@hono/node-server";
import { type Context, Hono } from "hono";
import type { StatusCode } from "hono/utils/http-status";
import { cancelable, limit } from "../../src/hono/index.ts";
import { streamResponse } from "../../src/streaming/index.ts";
import { hostDifferences, hostName, serve } from "../fetch-handler/host.ts";
import type { App, Host, Reply, Route } from "../server-kit/host.ts";
import { ConsoleErrors } from "./console-errors.ts";

function appOf({ routes, options }: App): Hono {
  const app = new Hono();
  app.use(cancelable(options));
  for (const { mount, ...route } of routes) {
    const router = mount === undefined ? app : new Hono();
    // Hono answers HEAD by the handler of GET.
    if (route.method !== "HEAD") add(router, route);
    if (mount !== undefined) app.route(mount, router);
  }
  return app;
}

function add(router: Hono, { method, pattern, timeout, handle }: Route): void {
  if (timeout !== undefined) router.on(method, pattern, limit(timeout));
  router.on(method, pattern, async (c) => {
    const reply = await handle({
      operation: c.var.operation,
      async text() {
        return c.req.header("content-type") === "application/json"
          ? JSON.stringify(await c.req.json())
          : c.req.text();
      },
      chunks: () => c.req.raw.body as ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>, // of a POST
    });
    return send(c, reply);
  });
}

function send(c: Context, { status = 200, headers = {}, body }: Reply): Response {
  return c.newResponse(bodyOf(body), status as StatusCode, { ...headers });
}

function bodyOf(body: Reply["body"]): string | ReadableStream | null {
  if (body === undefined || typeof body === "string") return body ?? null;
  if (body instanceof ReadableStream) return body;
  // The type of Node's stream lacks a method that the type of the standard has.
  return body instanceof Readable ? (Readable.toWeb(body) as ReadableStream) : streamResponse(body).body;
}

/** Hono on the server of the host: `@hono/node-server`, Bun.serve or Deno.serve. */
export const hono: Host = {
  name: `Hono on ${hostName}`,
  protocol: "http1",
  streams: hostName === "Node" ? ["node", "iterator", "web"] : ["iterator", "web"],
  except: hostDifferences,
  async start(app) {
    const errors = new ConsoleErrors();
    const { port, close } = await serve(appOf(app).fetch);
    return {
      port,
      errors: errors.seen,
      async close() {
        errors.stop();
        await close();
      },
    };
  },
};

/** Hono on `node:http2`. */
export const honoHttp2: Host = {
  name: "Hono on node:http2",
  protocol: "http2",
  streams: ["node", "iterator", "web"],
  except: {
    "resets its stream in the middle of the body":
      "@hono/node-server ends the body of a stream that was reset, as if it were complete",
  },
  async start(app) {
    const errors = new ConsoleErrors();
    const server = createAdaptorServer({
      fetch: appOf(app).fetch,
      createServer: createHttp2Server,
      overrideGlobalObjects: false,
    }) as Server; // the type of a union of all servers
    const sessions = new Set<ServerHttp2Session>();
    server.on("session", (session: ServerHttp2Session) => {
      sessions.add(session);
      session.on("close", () => sessions.delete(session));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return {
      port: (server.address() as AddressInfo).port,
      errors: errors.seen,
      async close() {
        errors.stop();
        const closed = new Promise((resolve) => server.close(resolve));
        for (const session of sessions) session.destroy();
        await closed;
      },
    };
  },
};
