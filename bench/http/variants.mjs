// The servers that servers.mjs compares. A handler awaits once and answers "hello". One framework is one entry: its variants do
// the same work, each in a process of its own.
import { AsyncLocalStorage } from "node:async_hooks";
import { createServer } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { cancelable as forExpress } from "@hother/cancelable-integrations/express";
import { cancelable as forFastify } from "@hother/cancelable-integrations/fastify";
import { cancelable as forHono } from "@hother/cancelable-integrations/hono";
import { requestListener } from "@hother/cancelable-integrations/node-http";
import express from "express";
import { fastify } from "fastify";
import { Hono } from "hono";

/** Stands for the one `await` of a handler. */
const work = async () => {};

/** @type {import("node:http").RequestListener} */
const handler = async (_request, response) => {
  await work();
  response.end("hello");
};

/** A storage that does nothing. */
const storage = () => ({ als: new AsyncLocalStorage(), store: {} });

/** @param {(app: import("express").Express) => void} [before] */
function expressServer(before) {
  const app = express();
  before?.(app);
  app.get("/", async (_request, response) => {
    await work();
    response.send("hello");
  });
  return createServer(app);
}

/** @param {(app: import("fastify").FastifyInstance) => void} [before] */
function fastifyServer(before) {
  const app = fastify();
  before?.(app);
  app.get("/", async () => {
    await work();
    return "hello";
  });
  void app.ready();
  return app.server;
}

/** @param {(app: Hono) => void} [before] */
function honoServer(before) {
  const app = new Hono();
  before?.(app);
  app.get("/", async (c) => {
    await work();
    return c.text("hello");
  });
  return /** @type {import("node:http").Server} */ (createAdaptorServer({ fetch: app.fetch }));
}

/**
 * A server with the name of a variant. It returns a server that listens, or will.
 *
 * @typedef {Record<"bare" | "als" | "ours", () => import("node:http").Server>} Variants
 */

/** @type {Record<string, Variants>} */
export const frameworks = {
  "node:http": {
    bare: () => createServer(handler),
    // Since the first use of an AsyncLocalStorage every promise of the process costs more, up to Node 22.
    als() {
      const storage = new AsyncLocalStorage();
      const store = {};
      return createServer((request, response) => storage.run(store, handler, request, response));
    },
    ours: () => createServer(requestListener(handler)),
  },
  express: {
    bare: () => expressServer(),
    als: () =>
      expressServer((app) => {
        const { als, store } = storage();
        app.use((_request, _response, next) => als.run(store, next));
      }),
    ours: () => expressServer((app) => void app.use(forExpress())),
  },
  fastify: {
    bare: () => fastifyServer(),
    als: () =>
      fastifyServer((app) => {
        const { als, store } = storage();
        app.addHook("onRequest", (_request, _reply, done) => als.run(store, done));
      }),
    ours: () => fastifyServer((app) => void app.register(forFastify)),
  },
  hono: {
    bare: () => honoServer(),
    als: () =>
      honoServer((app) => {
        const { als, store } = storage();
        app.use((_c, next) => als.run(store, next));
      }),
    ours: () => honoServer((app) => void app.use(forHono())),
  },
};
