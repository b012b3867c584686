import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { IRouter, Request, Response } from "express";
import { vi } from "vitest";
import { cancelable, handler, limit, operationErrors } from "../../src/express/index.ts";
import type { App, Host, Reply, Route, Started } from "../server-kit/host.ts";
import { versions } from "./versions.ts";

type Express = (typeof versions)[number][1];

async function start(express: Express, { routes, options }: App): Promise<Started> {
  const errors: unknown[] = [];
  const console = vi.spyOn(globalThis.console, "error").mockImplementation((line) => void errors.push(line));
  const app = express();
  app.set("env", "development"); // in "test", Express logs nothing
  app.use(cancelable(options));
  for (const route of routes) {
    if (route.mount === undefined) add(express, app, route);
    else {
      const router = express.Router();
      add(express, router, route);
      app.use(route.mount, router);
    }
  }
  app.use(operationErrors());
  // A client of the tests can be idle for long on a loaded machine.
  const server = createServer({ keepAliveTimeout: 120_000 }, app);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    errors,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      console.mockRestore();
    },
  };
}

function add(express: Express, router: IRouter, { method, pattern, timeout, handle }: Route): void {
  const answer = async (request: Request, response: Response): Promise<void> => {
    const reply = await handle({
      operation: request.operation,
      text: () => textOf(express, request, response),
      chunks: () => request,
    });
    await send(response, reply);
  };
  // Express 4 does not look at the promise of a handler.
  const handlers = [express === versions[0]?.[1] ? handler(answer) : answer];
  if (timeout !== undefined) handlers.unshift(limit(timeout));
  router[method.toLowerCase() as "get" | "head" | "post"](pattern, ...handlers); // the methods of the table
}

const textOf = (express: Express, request: Request, response: Response): Promise<string> =>
  new Promise((resolve, reject) => {
    express.text({ type: () => true })(request, response, (error?: unknown) => {
      if (error === undefined) resolve(typeof request.body === "string" ? request.body : "");
      else reject(error);
    });
  });

async function send(response: Response, { status = 200, headers = {}, body }: Reply): Promise<void> {
  response.status(status).set(headers);
  if (body === undefined || typeof body === "string") response.send(body);
  else await pipeline(readableOf(body), response);
}

function readableOf(body: Exclude<Reply["body"], string | undefined>): Readable {
  if (body instanceof Readable) return body;
  // The type of the standard has no method that the type of Node needs.
  return body instanceof ReadableStream ? Readable.fromWeb(body as never) : Readable.from(body);
}

export const expressHosts: readonly Host[] = versions.map(([name, express]) => ({
  name,
  protocol: "http1",
  streams: ["node", "iterator", "web"],
  start: (app) => start(express, app),
}));
