import { once } from "node:events";
import { createServer } from "node:http";
import * as http2 from "node:http2";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { Cancellable, failAfter } from "@hother/cancelable";
import * as undici from "undici";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cancellationInterceptor, installInterceptor } from "../../src/undici/index.ts";

let installed: Disposable;
beforeEach(() => {
  installed = installInterceptor();
});
afterEach(() => installed[Symbol.dispose]());

const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

test("a request whose TLS handshake stalls ends at once, with the reason (HOUT-02)", async () => {
  const server = createTcpServer().listen(0, "127.0.0.1"); // accepts, and never says anything
  await once(server, "listening");
  const sockets: Socket[] = [];
  const agent = new undici.Agent();
  const dispatcher = agent.compose(cancellationInterceptor());
  const url = `https://127.0.0.1:${portOf(server)}`;
  const loads: Array<() => Promise<unknown>> = [
    () => undici.request(url, { dispatcher }),
    () => undici.fetch(url, { dispatcher }),
  ];
  for (const load of loads) {
    const connected = once(server, "connection");
    const op = new Cancellable();
    const ending = op.settle(load);
    // undici uses the connection that is being made for the second request, too.
    if (sockets.length === 0) sockets.push(...((await connected) as [Socket]));
    op.cancel("disconnect");
    expect(await ending).toMatchObject({ status: "cancelled", error: op.error });
  }
  for (const socket of sockets) socket.destroy();
  await agent.destroy();
  server.close();
});

test("an upgraded connection does not belong to the request, and outlives the operation", async () => {
  const server = createServer().on("upgrade", (_request, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n");
    socket.pipe(socket);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const op = new Cancellable();
  let socket: undici.Dispatcher.UpgradeData["socket"] | undefined;
  const outcome = await op.settle(async () => {
    ({ socket } = await undici.upgrade(`http://127.0.0.1:${portOf(server)}`, { protocol: "echo" }));
    op.cancel();
    op.check();
  });
  expect(outcome.status).toBe("cancelled");
  socket?.write("still here");
  const [echo] = (await once(socket as NonNullable<typeof socket>, "data")) as [Buffer];
  expect(echo.toString()).toBe("still here");
  socket?.destroy();
  server.close();
});

test("over HTTP/2 the stream is reset, and the other streams of the session go on (HOUT-01, DL-01)", async () => {
  const server = http2.createServer();
  const streams: http2.ServerHttp2Stream[] = [];
  const headers: http2.IncomingHttpHeaders[] = [];
  let changed = () => {};
  server.on("stream", (stream, received) => {
    streams.push(stream);
    headers.push(received);
    stream.on("error", () => {}); // the reset
    changed();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const origin = `http://127.0.0.1:${portOf(server)}`;
  const client = new undici.H2CClient(origin);
  const dispatcher = client.compose(cancellationInterceptor());
  const arrived = async (count: number) => {
    while (streams.length < count)
      await new Promise<void>((resolve) => {
        changed = resolve;
      });
  };
  const get = async () => {
    const { body } = await dispatcher.request({ path: "/", method: "GET" });
    return body.text();
  };
  const other = get();
  await arrived(1);
  const op = new Cancellable();
  const ending = op.settle(() => failAfter(60_000, get));
  await arrived(2);
  const reset = once(streams[1] as http2.ServerHttp2Stream, "close");
  op.cancel();
  expect((await ending).status).toBe("cancelled");
  await reset;
  streams[0]?.respond({ ":status": 200 });
  streams[0]?.end("all");
  expect(await other).toBe("all");
  expect(Number(headers[1]?.["x-request-timeout-ms"])).toBeLessThanOrEqual(60_000);
  await client.destroy();
  server.close();
});
