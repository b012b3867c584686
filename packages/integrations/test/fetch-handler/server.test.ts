import { Readable } from "node:stream";
import { fetchHandler } from "../../src/fetch-handler/index.ts";
import { streamResponse } from "../../src/streaming/index.ts";
import type { App, Host, Reply, Route } from "../server-kit/host.ts";
import { testServer } from "../server-kit/test-server.ts";
import { hostDifferences, hostName, type ServerFetch, serve } from "./host.ts";

function fetchOf({ routes, options }: App): ServerFetch {
  const routeOf = ({ method, url }: Request): Route | undefined =>
    routes.find((route) => route.method === method && matches(patternOf(route), new URL(url).pathname));
  return fetchHandler(
    async (request, operation) => {
      const route = routeOf(request);
      if (route === undefined) return new Response("not found", { status: 404 });
      if (route.timeout !== undefined) operation.limit(route.timeout);
      const {
        status = 200,
        headers = {},
        body,
      } = await route.handle({
        operation,
        text: () => request.text(),
        chunks: () => request.body as ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>, // of a POST
      });
      return new Response(bodyOf(body), { status, headers });
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

function bodyOf(body: Reply["body"]): string | ReadableStream | null {
  if (body === undefined || typeof body === "string") return body ?? null;
  if (body instanceof ReadableStream) return body;
  // The type of Node's stream lacks a method that the type of the standard has.
  return body instanceof Readable ? (Readable.toWeb(body) as ReadableStream) : streamResponse(body).body;
}

const host: Host = {
  name: `a fetch handler on ${hostName}`,
  protocol: "http1",
  streams: hostName === "Node" ? ["node", "iterator", "web"] : ["iterator", "web"],
  except: hostDifferences,
  async start(app) {
    const { port, close } = await serve(fetchOf(app));
    return { port, errors: [], close };
  },
};

testServer(host);
