import { once } from "node:events";
import * as http2 from "node:http2";
import * as https from "node:https";
import { type AddressInfo, connect, type Server } from "node:net";
import * as tls from "node:tls";
import { Deferred } from "@hother/cancelable";
import { afterEach, describe, expect, test } from "vitest";
import { requestListener } from "../../src/node-http/index.ts";
import { gracefulShutdown } from "../../src/shutdown/index.ts";
import { certificate } from "./certificate.ts";

const clients: { destroy(): unknown }[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

async function listen(server: Server): Promise<{ host: string; port: number; rejectUnauthorized: boolean }> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return { host: "127.0.0.1", port, rejectUnauthorized: false };
}

/** Adds a client, and returns a promise of the end of its connection. */
function follow(client: { destroy(): unknown } & NodeJS.EventEmitter): Promise<void> {
  clients.push(client);
  return new Promise((resolve) => {
    client.on("error", () => {}).once("close", () => resolve());
  });
}

const answerHello = requestListener((_request, response) => response.end("hello"));

describe("node:https", () => {
  test("a running request finishes, and its answer says that the connection closes (SHD-02)", async () => {
    const released = new Deferred<void>();
    const server = https.createServer(
      certificate,
      requestListener(async (_request, response) => {
        await released.wait();
        response.end("done");
      }),
    );
    const agent = new https.Agent({ keepAlive: true });
    clients.push(agent);
    const client = https.get({ ...(await listen(server)), agent });
    await once(server, "request");
    const shutdown = gracefulShutdown(server, { drain: null });
    released.resolve();
    const [answer] = await once(client, "response");
    answer.resume();
    expect([answer.statusCode, answer.headers.connection]).toEqual([200, "close"]);
    expect(await shutdown).toMatchObject({ finished: 1, cancelled: 0 });
  });

  test("idle and half-sent connections, and those in their handshake, do not hold a shutdown up (SHD-06)", async () => {
    const server = https.createServer(certificate, answerHello);
    const at = await listen(server);
    const closed: Promise<void>[] = [];
    const handshake = connect(at.port, at.host);
    closed.push(follow(handshake));
    handshake.resume();
    await once(handshake, "connect");
    for (const text of ["", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"]) {
      const accepted = once(server, "secureConnection");
      const client = tls.connect(at);
      closed.push(follow(client));
      await Promise.all([accepted, once(client, "secureConnect")]);
      client.write(text);
      if (text.endsWith("\n")) await once(client, "data");
      client.resume();
    }
    expect(await gracefulShutdown(server, { drain: null })).toMatchObject({ cancelled: 0, abandoned: 0 });
    await Promise.all(closed);
  });
});

test("a session of HTTP/2 without a request does not hold a shutdown up (SHD-05, SHD-06)", async () => {
  const server = http2.createSecureServer(certificate, (_request, response) => response.end("hello"));
  const { port } = await listen(server);
  const session = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  const closed = follow(session);
  await once(session, "remoteSettings");
  expect(await gracefulShutdown(server, { drain: null })).toMatchObject({ finished: 0, cancelled: 0 });
  await closed;
});
