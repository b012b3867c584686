import type { EventEmitter } from "node:events";
import type { ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { type FastifyInstance, type FastifyRequest, type FastifyServerOptions, fastify } from "fastify";
import { type CancelableOptions, cancelable } from "../../src/fastify/index.ts";
import type { App, Host, Reply, Route, Started } from "../server-kit/host.ts";

/** Gives other bodies than JSON and text to the handler as streams. */
function streamBodies(app: FastifyInstance): void {
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
}

async function bodyText({ body: parsed, raw }: FastifyRequest): Promise<string> {
  // Fastify parses no body of HTTP/2 without a type.
  const body = parsed ?? raw;
  if (!(body instanceof Readable)) return typeof body === "string" ? body : JSON.stringify(body);
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer); // no encoding is set
  return Buffer.concat(chunks).toString();
}

function addRoute(app: FastifyInstance, { method, pattern, timeout, handle }: Route): void {
  app.route({
    method,
    url: pattern,
    config: timeout === undefined ? {} : { cancelable: { timeout } },
    async handler(request, reply) {
      const { status, headers, body } = await handle({
        operation: request.operation,
        text: () => bodyText(request),
        chunks: () => request.body as Readable, // the tests that read chunks send bytes
      });
      if (status !== undefined) reply.code(status);
      if (headers !== undefined) reply.headers(headers);
      return reply.send(body === undefined || typeof body === "string" ? body : payloadOf(body));
    },
  });
}

function payloadOf(body: Exclude<Reply["body"], string | undefined>): Readable | ReadableStream {
  return body instanceof Readable || body instanceof ReadableStream ? body : Readable.from(body);
}

async function start({ routes, options }: App, own: object): Promise<Started> {
  const errors: unknown[] = [];
  const stream = { write: (line: string) => void errors.push(JSON.parse(line)) };
  const app = fastify({
    ...own,
    exposeHeadRoutes: false,
    logger: { level: "error", stream },
  } as FastifyServerOptions);
  await app.register(cancelable, options as CancelableOptions); // the options of the tests fit every request
  streamBodies(app);
  for (const route of routes)
    if (route.mount === undefined) addRoute(app, route);
    else await app.register(async (child) => addRoute(child, route), { prefix: route.mount });
  const sessions = new Set<ServerHttp2Session>();
  (app.server as EventEmitter).on("session", (session) => sessions.add(session)); // with `http2`
  await app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = app.server.address() as AddressInfo;
  return {
    port,
    errors,
    async close() {
      for (const session of sessions) session.destroy();
      await app.close();
    },
  };
}

export const fastifyHttp1: Host = {
  name: "Fastify",
  protocol: "http1",
  streams: ["node", "iterator", "web"],
  start: (app) => start(app, { forceCloseConnections: true }),
};

export const fastifyHttp2: Host = {
  name: "Fastify with http2",
  protocol: "http2",
  streams: ["node", "iterator", "web"],
  start: (app) => start(app, { http2: true }),
};
