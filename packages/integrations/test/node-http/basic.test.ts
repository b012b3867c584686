import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer, type Server, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { currentOperation, OperationRegistry, sleep } from "@hother/cancelable";
import { afterEach, expect, test } from "vitest";
import {
  type ListenerOptions,
  type RequestEnd,
  type RequestHandler,
  requestListener,
} from "../../src/node-http/index.ts";

let server: Server;
const ends: RequestEnd<IncomingMessage>[] = [];
afterEach(() => {
  server.close();
  server.closeAllConnections();
  ends.length = 0;
});

async function listen(handler: RequestHandler, options?: ListenerOptions): Promise<string> {
  server = createServer(requestListener(handler, { onEnd: (end) => ends.push(end), ...options }));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a request is the ambient operation of its handler, and completed", async () => {
  const registry = new OperationRegistry();
  const url = await listen(
    async (_request, response, operation) => {
      await sleep(1);
      expect(currentOperation()).toBe(operation);
      response.end(operation.name);
    },
    { route: () => "/hello/:who", register: registry },
  );
  expect(await (await fetch(`${url}/hello/you`)).text()).toBe("GET /hello/:who");
  await expect.poll(() => ends.length).toBe(1);
  expect(ends[0]).toMatchObject({ name: "GET /hello/:who", status: 200, sent: "whole", reason: undefined });
  expect(ends[0]?.operation.status).toBe("completed");
  expect(registry.list()).toEqual([]);
});

test("a time limit answers 504, and the late answer of the handler is dropped", async () => {
  let late: Promise<void> | undefined;
  const url = await listen(
    (_request, response, operation) => {
      late = new Promise((resolve) =>
        operation.signal.addEventListener("abort", () =>
          setTimeout(() => {
            response.setHeader("x", "y");
            response.writeHead(200);
            response.write("a");
            response.end("b", resolve);
          }, 5),
        ),
      );
      return late;
    },
    { timeout: 20 },
  );
  const answer = await fetch(url);
  expect([answer.status, answer.headers.get("x")]).toEqual([504, null]);
  expect(await answer.json()).toEqual({
    type: "about:blank",
    title: "Gateway Timeout",
    status: 504,
    detail: "The time limit of the request has passed.",
  });
  await late;
  await expect.poll(() => ends.length).toBe(1);
  expect(ends[0]).toMatchObject({ name: "GET (no route)", status: 504, sent: "whole", reason: "timeout" });
});

test("a client that leaves cancels, and nothing is sent", async () => {
  let reached: () => void;
  const waiting = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const url = await listen(async () => {
    reached();
    await sleep(60_000);
  });
  const client = send(url).on("error", () => {});
  client.end();
  await waiting;
  client.destroy();
  await expect.poll(() => ends.length).toBe(1);
  expect(ends[0]).toMatchObject({ status: 499, sent: "nothing", reason: "disconnect" });
  expect(ends[0]?.operation.status).toBe("cancelled");
});
