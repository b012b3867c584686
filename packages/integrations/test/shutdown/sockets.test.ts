import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { AsyncEvent, type Cancellable, moveOnAfter, sleep } from "@hother/cancelable";
import { afterEach, describe, expect, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type RequestEnd, requestListener } from "../../src/node-http/index.ts";
import { gracefulShutdown } from "../../src/shutdown/index.ts";
import { type SseEvent, sendSse } from "../../src/streaming/index.ts";
import { handleSockets, type SocketConnections } from "../../src/ws/index.ts";

const clients: { destroy(): unknown }[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

describe("with open sockets of ws", () => {
  interface Service {
    readonly server: Server;
    readonly sockets: SocketConnections;
    /** The operation of the only connection. */
    readonly operation: Cancellable;
    /** The code with which the client sees its socket close. */
    readonly closeCode: Promise<number>;
  }

  /** A server with one open socket, whose handler runs for ever. */
  async function start(): Promise<Service> {
    const server = createServer(requestListener((_request, response) => response.end("hello")));
    let operation: Cancellable | undefined;
    const sockets = handleSockets(new WebSocketServer({ server }), {
      open: (_socket, _request, own) => {
        operation = own;
        return sleep(1_000_000);
      },
    });
    const client = new WebSocket(`ws://127.0.0.1:${await listen(server)}`);
    clients.push({ destroy: () => client.terminate() });
    const closeCode = once(client, "close").then(([code]) => code as number);
    await once(client, "open");
    return { server, sockets, operation: operation as unknown as Cancellable, closeCode };
  }

  test("a shutdown beside `close` of the sockets ends both; the reason is `shutdown`, and clients see 1001 (SHD-03)", async () => {
    const { server, sockets, operation, closeCode } = await start();
    const ending = sockets.close({ grace: null });
    expect(operation.error?.reason).toBe("shutdown"); // at the beginning of the drain
    await Promise.all([ending, gracefulShutdown(server, { drain: null })]);
    expect(await closeCode).toBe(1001);
    expect([operation.status, sockets.size]).toEqual(["cancelled", 0]);
  });

  test("sockets that no code closes are open until the end of the drain, and break then", async () => {
    const { server, sockets, operation, closeCode } = await start();
    await gracefulShutdown(server, { drain: 10 });
    expect(await closeCode).toBe(1006);
    await expect.poll(() => sockets.size).toBe(0);
    expect(operation.error?.reason).toBe("disconnect");
  });

  test("a shutdown that does not know a socket, because it was loaded later, says so and ends", async () => {
    const { server, closeCode } = await start();
    const reports: unknown[] = [];
    vi.resetModules();
    const late = await import("../../src/shutdown/index.ts");
    const core = await import("@hother/cancelable");
    const before = core.setReporter((error) => reports.push(error));
    await late.gracefulShutdown(server, { drain: 10 });
    core.setReporter(before);
    expect(String(reports)).toContain("connections of the server are still open");
    for (const client of clients.splice(0)) client.destroy();
    await closeCode;
  });
});

describe("with server-sent events", () => {
  const ends: RequestEnd<IncomingMessage>[] = [];
  afterEach(() => void ends.splice(0));

  /** A server that sends `events`, with one client that has got the first event. */
  async function start(
    events: () => AsyncIterable<SseEvent>,
  ): Promise<{ readonly server: Server; readonly received: Promise<string> }> {
    const listener = requestListener((_request, response) => sendSse(response, events()), {
      onEnd: (end) => ends.push(end),
    });
    const server = createServer(listener);
    const socket = connect(await listen(server), "127.0.0.1");
    clients.push(socket);
    socket.on("error", () => {}).setEncoding("latin1");
    let text = "";
    const received = new Promise<string>((resolve) => {
      socket.on("close", () => resolve(text));
    });
    const begun = new Promise<void>((resolve) => {
      socket.on("data", (part: string) => {
        text += part;
        if (text.includes("data: 1\n")) resolve();
      });
    });
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await begun;
    return { server, received };
  }

  test("an endless source is cancelled at the end of the drain, and its clean-up runs (SHD-03, HIN-21)", async () => {
    let isClean = false;
    const { server, received } = await start(async function* () {
      try {
        yield { data: "1" };
        await sleep(1_000_000);
      } finally {
        isClean = true;
      }
    });
    const report = await gracefulShutdown(server, { drain: 10, grace: null });
    expect(report).toMatchObject({ finished: 0, cancelled: 1, abandoned: 0 });
    expect(await received).not.toContain("\r\n0\r\n\r\n");
    expect(isClean).toBe(true);
    expect(ends).toMatchObject([{ reason: "shutdown", sent: "cut" }]);
  });

  test("a source that ends at the beginning of the shutdown ends the answer well, and the drain is over (SHD-01)", async () => {
    const closing = new AsyncEvent();
    const { server, received } = await start(async function* () {
      while (!closing.isSet) {
        yield { data: "1" };
        await moveOnAfter({ minutes: 1 }, () => closing.wait());
      }
    });
    closing.set();
    expect(await gracefulShutdown(server, { drain: null })).toMatchObject({ finished: 1, cancelled: 0 });
    expect(await received).toContain("\r\n0\r\n\r\n");
    expect(ends).toMatchObject([{ reason: undefined, sent: "whole" }]);
  });
});
