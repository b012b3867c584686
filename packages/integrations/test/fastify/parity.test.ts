// What the FastAPI module of the Python package asserts, in the terms of Fastify.
import { once } from "node:events";
import { get } from "node:http";
import type { AddressInfo } from "node:net";
import { type Cancellable, type CancellationToken, currentOperation, sleep } from "@hother/cancelable";
import Fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { cancelable, type RequestEnd } from "../../src/fastify/index.ts";
import { streamResponse } from "../../src/streaming/index.ts";
import { handleSockets } from "../../src/ws/index.ts";

let app: FastifyInstance;
let ends: Array<Pick<RequestEnd<unknown>, "name" | "status" | "reason">>;

beforeEach(async () => {
  ends = [];
  app = Fastify();
  await app.register(cancelable, {
    onEnd: ({ name, status, reason }) => ends.push({ name, status, reason }),
  });
});

afterEach(async () => {
  app.server.closeAllConnections();
  await app.close();
});

/** Sends a request, and leaves when `arrived` is fulfilled. */
async function leaveWhen(arrived: Promise<unknown>, path: string): Promise<void> {
  await app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = app.server.address() as AddressInfo;
  const request = get({ port, host: "127.0.0.1", path }).on("error", () => {});
  await arrived;
  request.destroy();
}

test("a request has a token, which its handler can ask for, and gives the handler's value (PAR-FAP-01, PAR-FAP-03, PAR-FAP-05)", async () => {
  app.get("/", async (request) => {
    const { token } = request.operation;
    return { same: currentOperation()?.token === token, isCancelled: token.isCancelled };
  });
  expect((await app.inject("/")).json()).toEqual({ same: true, isCancelled: false });
});

test("a client that leaves cancels the token of its request (PAR-FAP-02)", async () => {
  let token: CancellationToken | undefined;
  const arrived = new Promise<void>((resolve) => {
    app.get("/", async (request) => {
      ({ token } = request.operation);
      resolve();
      await sleep(1_000_000);
    });
  });
  await leaveWhen(arrived, "/");
  await expect.poll(() => ends).toHaveLength(1);
  expect(token?.error).toMatchObject({ reason: "disconnect" });
});

test("an operation is named after the method and the path of its route (PAR-FAP-04)", async () => {
  app.post("/orders/:id", async (request) => request.operation.name);
  expect((await app.inject({ method: "POST", url: "/orders/7" })).body).toBe("POST /orders/:id");
});

test("a time limit answers 504, a client that left counts as 499, and a shutdown answers 503 (PAR-FAP-06)", async () => {
  app.get("/late", { config: { cancelable: { timeout: 1 } } }, () => sleep(1_000_000));
  app.get("/stopped", async (request) => {
    request.operation.cancel("shutdown");
    await sleep(1);
  });
  const arrived = new Promise<void>((resolve) => {
    app.get("/left", async () => {
      resolve();
      await sleep(1_000_000);
    });
  });
  expect((await app.inject("/late")).statusCode).toBe(504);
  expect((await app.inject("/stopped")).statusCode).toBe(503);
  await leaveWhen(arrived, "/left");
  await expect
    .poll(() => ends)
    .toEqual([
      { name: "GET /late", status: 504, reason: "timeout" },
      { name: "GET /stopped", status: 503, reason: "shutdown" },
      { name: "GET /left", status: 499, reason: "disconnect" },
    ]);
});

test("a streamed answer stops when its request is cancelled (PAR-FAP-07)", async () => {
  let sent = 0;
  let hasEnded = false;
  const began = new Promise<void>((resolve) => {
    app.get("/", () => {
      async function* rows(): AsyncGenerator<string> {
        try {
          for (; ; await sleep(1)) {
            yield `row ${sent++}\n`;
            resolve();
          }
        } finally {
          hasEnded = true;
        }
      }
      return streamResponse(rows());
    });
  });
  await leaveWhen(began, "/");
  await expect.poll(() => hasEnded).toBe(true);
  const atTheEnd = sent;
  await expect.poll(() => ends).toMatchObject([{ reason: "disconnect" }]);
  expect(sent).toBe(atTheEnd);
});

test("a message of a web socket is cancelled when its client leaves (PAR-FAP-08)", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  let operation: Cancellable | undefined;
  const arrived = new Promise<void>((resolve) => {
    handleSockets(server, {
      async message() {
        operation = currentOperation();
        resolve();
        await sleep(1_000_000);
      },
    });
  });
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await once(client, "open");
  client.send("a long job");
  await arrived;
  client.terminate();
  await expect.poll(() => operation?.status).toBe("cancelled");
  expect(operation?.parent?.error).toMatchObject({ reason: "disconnect" });
  server.close();
});
