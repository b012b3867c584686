import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { requestListener } from "../../src/node-http/index.ts";
import type { App, Host, Reply, Route, Started } from "../server-kit/host.ts";

/** The listener of an application: a router of the kind that users of node:http write themselves. */
function listenerOf({
  routes,
  options,
}: App): (request: IncomingMessage, response: ServerResponse) => unknown {
  const routeOf = ({ method, url = "" }: IncomingMessage): Route | undefined =>
    routes.find((route) => route.method === method && matches(patternOf(route), url));
  return requestListener(
    async (request, response, operation) => {
      const route = routeOf(request);
      if (route === undefined) {
        response.statusCode = 404;
        response.end("not found");
        return;
      }
      if (route.timeout !== undefined) operation.limit(route.timeout);
      const reply = await route.handle({
        operation,
        async text() {
          const chunks: Buffer[] = [];
          for await (const chunk of request) chunks.push(chunk as Buffer); // no encoding is set
          return Buffer.concat(chunks).toString();
        },
        chunks: () => request,
      });
      await send(response, reply);
    },
    {
      ...options,
      route: (request) => {
        const route = routeOf(request);
        return route && patternOf(route);
      },
    },
  );
}

const patternOf = ({ mount = "", pattern }: Route): string => mount + pattern;

function matches(pattern: string, path: string): boolean {
  return new RegExp(`^${pattern.replaceAll(/:\w+/g, "[^/]+")}$`).test(path);
}

async function send(response: ServerResponse, { status = 200, headers = {}, body }: Reply): Promise<void> {
  response.writeHead(status, headers);
  if (body === undefined || typeof body === "string") response.end(body);
  else await pipeline(readableOf(body), response);
}

function readableOf(body: Exclude<Reply["body"], string | undefined>): Readable {
  if (body instanceof Readable) return body;
  // The type of the standard has no method that the type of Node needs.
  return body instanceof ReadableStream ? Readable.fromWeb(body as never) : Readable.from(body);
}

async function listening(server: Server, end: () => void): Promise<Started> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    errors: [],
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      end();
      await closed;
    },
  };
}

export const nodeHttp: Host = {
  name: "node:http",
  protocol: "http1",
  streams: ["node", "iterator", "web"],
  start(app) {
    // A client of the tests can be idle for long on a loaded machine.
    const server = createServer({ keepAliveTimeout: 120_000 }, listenerOf(app));
    return listening(server, () => server.closeAllConnections());
  },
};

export const nodeHttp2: Host = {
  name: "node:http2",
  protocol: "http2",
  streams: ["node", "iterator", "web"],
  start(app) {
    // The types of node:http2 know nothing of the classes of node:http, which its own ones imitate.
    const listener = listenerOf(app) as never;
    const server = createHttp2Server(listener);
    const sessions = new Set<ServerHttp2Session>();
    server.on("session", (session) => {
      sessions.add(session);
      session.on("close", () => sessions.delete(session));
    });
    return listening(server as unknown as Server, () => {
      for (const session of sessions) session.destroy();
    });
  },
};
