import { Readable } from "node:stream";
import { H3, type H3Event, HTTPResponse } from "h3";
import { cancelable, limit } from "../../src/h3/index.ts";
import { streamResponse } from "../../src/streaming/index.ts";
import { hostDifferences, hostName } from "../fetch-handler/host.ts";
import { ConsoleErrors } from "../hono/console-errors.ts";
import type { App, Host, Reply, Route } from "../server-kit/host.ts";
import { testServer } from "../server-kit/test-server.ts";

function appOf({ routes, options }: App): H3 {
  const app = new H3();
  app.use(cancelable(options));
  for (const { mount, ...route } of routes) {
    const router = mount === undefined ? app : new H3();
    add(router, route);
    if (mount !== undefined) app.mount(mount, router);
  }
  return app;
}

function add(router: H3, { method, pattern, timeout, handle }: Route): void {
  router.on(
    method,
    pattern,
    async (event) => {
      const reply = await handle({
        operation: event.context.operation,
        async text() {
          return event.req.headers.get("content-type") === "application/json"
            ? JSON.stringify(await event.req.json())
            : event.req.text();
        },
        chunks: () => event.req.body as ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>, // of a POST
      });
      return send(event, reply);
    },
    timeout === undefined ? {} : { middleware: [limit(timeout)] },
  );
}

function send(event: H3Event, { status = 200, headers = {}, body = "" }: Reply): unknown {
  event.res.status = status;
  for (const [name, value] of Object.entries(headers)) event.res.headers.set(name, value);
  if (body === "" && headers["content-length"] !== undefined)
    return new HTTPResponse(null, { status, headers });
  // h3 takes a stream of Node as it is.
  if (typeof body === "string" || body instanceof ReadableStream || body instanceof Readable) return body;
  return streamResponse(body, { status, headers });
}

/** The entry of h3 for the host. The tests would find that for Node on each. */
const adapter: Promise<Pick<typeof import("h3"), "serve">> =
  hostName === "Bun" ? import("h3/bun") : hostName === "Deno" ? import("h3/deno") : import("h3");

const host: Host = {
  name: `h3 on ${hostName}`,
  protocol: "http1",
  streams: hostName === "Node" ? ["node", "iterator", "web"] : ["iterator", "web"],
  except: hostDifferences,
  async start(app) {
    const errors = new ConsoleErrors();
    const { serve } = await adapter;
    const server = serve(appOf(app), {
      port: 0,
      hostname: "127.0.0.1",
      silent: true,
      gracefulShutdown: false,
      bun: { idleTimeout: 0 },
    });
    await server.ready();
    return {
      port: Number(new URL(server.url ?? "").port),
      errors: errors.seen,
      async close() {
        errors.stop();
        await server.close(true);
      },
    };
  },
};

testServer(host);
