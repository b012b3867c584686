import { once } from "node:events";
import { createServer, get, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline, Readable } from "node:stream";
import { setReporter } from "@hother/cancelable";
import { afterEach, expect, test } from "vitest";
import { type RequestEnd, type RequestHandler, requestListener } from "../../src/node-http/index.ts";

let server: Server;
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

/** Makes one request, whose answer the server breaks off. Returns the end of its operation. */
async function endOf(handler: RequestHandler): Promise<RequestEnd<IncomingMessage>> {
  const ended = new Promise<RequestEnd<IncomingMessage>>((resolve) => {
    server = createServer(requestListener(handler, { onEnd: resolve }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const client = get({ port, host: "127.0.0.1" });
  const cut = new Promise((resolve) => {
    client.on("error", resolve);
    client.on("response", (answer) => answer.on("error", resolve).resume());
  });
  expect(await cut).toMatchObject({ code: "ECONNRESET" });
  return ended;
}

test("an answer whose source fails is a failure of the request, and no client that left", async () => {
  const failure = new Error("the disk is gone");
  const { operation, ...end } = await endOf((_request, response) => {
    async function* source() {
      yield "a";
      throw failure;
    }
    pipeline(Readable.from(source()), response, () => {});
  });
  expect(end).toMatchObject({ sent: "cut", status: 200, reason: undefined });
  expect(operation).toMatchObject({ status: "failed", isCancelled: false });
  expect(operation.context.failure?.error).toBe(failure);
});

test("a handler that destroys its response has broken the answer off, and no client has left", async () => {
  const { operation, ...end } = await endOf((_request, response) => {
    response.destroy();
  });
  expect(end).toMatchObject({ sent: "nothing", reason: undefined });
  expect(operation).toMatchObject({ status: "failed", isCancelled: false });
});

test("an error of the handler after the head of the answer is a failure, and no client that left", async () => {
  const reported: unknown[] = [];
  const failure = new Error("too late");
  setReporter((error) => reported.push(error));
  const { operation, ...end } = await endOf(async (_request, response) => {
    response.write("a");
    await new Promise(setImmediate);
    throw failure;
  }).finally(() => setReporter(null));
  expect(end).toMatchObject({ sent: "cut", reason: undefined });
  expect(operation).toMatchObject({ status: "failed", isCancelled: false });
  expect(reported).toEqual([failure]);
});
