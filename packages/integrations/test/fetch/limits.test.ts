import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Cancellable, CancelScope, failAfter, retry, sleep } from "@hother/cancelable";
import { withVirtual } from "@hother/cancelable/testing";
import { expect, test } from "vitest";
import { fetch, HttpTimeoutError } from "../../src/fetch/index.ts";
import { rejection, serve, stall, until } from "./server.ts";

type Fetch = typeof globalThis.fetch;

/** A response whose pieces come at these times after the call, in ms, and that ends with the last one. */
function paced(headAt: number, ...pieces: readonly number[]): Fetch {
  return async () => {
    await sleep(headAt);
    async function* body(): AsyncGenerator<Uint8Array> {
      let now = headAt;
      for (const at of pieces) {
        await sleep(at - now);
        now = at;
        yield new TextEncoder().encode(`${at} `);
      }
    }
    const iterator = body();
    const stream = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await iterator.next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>);
  };
}

test("a handshake that stalls exceeds the limit to connect (HOUT-05)", async () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
  }).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  try {
    const url = `https://127.0.0.1:${port}/path?secret=1`;
    const error = await rejection(fetch(url, { connectTimeout: 50, firstByteTimeout: 60_000 }));
    if (!(error instanceof HttpTimeoutError)) throw error; // hosts that refuse the option
    expect(error).toMatchObject({
      name: "TimeoutError",
      code: "ERR_HTTP_TIMEOUT",
      phase: "connect",
      timeoutMs: 50,
      message: `GET https://127.0.0.1:${port}/path was not connected within 50 ms`,
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});

test("a connection that stands, new or kept alive, ends the limit to connect", async () => {
  await using server = await serve((_request, response) => setTimeout(() => response.end("late"), 60));
  for (let n = 0; n < 3; n++) {
    const response = await fetch(server.url, { connectTimeout: { seconds: 20 } });
    expect(await response.text()).toBe("late");
  }
  // The limit is over when the head of the request has been sent, however long the answer takes.
  const late = rejection(fetch(server.url, { connectTimeout: { seconds: 20 }, firstByteTimeout: 1 }));
  expect(await late).toMatchObject({ phase: "first-byte" });
});

test("where a connection cannot be seen, a limit to connect is refused", async () => {
  const error = await rejection(fetch("http://127.0.0.1/", { connectTimeout: 50, fetch: paced(0) }));
  expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_HOST" });
  expect((error as Error).message).toMatch(/^init\.connectTimeout .* use init\.firstByteTimeout/);
});

test("a silent server exceeds the limit of the first byte, and its connection is closed (HOUT-05)", async () => {
  await using server = await serve(() => {});
  const error = await rejection(fetch(server.url, { method: "post", firstByteTimeout: 50 }));
  expect(error).toMatchObject({
    phase: "first-byte",
    message: `POST ${server.url} got no response within 50 ms`,
  });
  await server.allClosed();
});

test("a body that falls silent exceeds the limit of idling, and its connection is closed (HOUT-05)", async () => {
  await using server = await serve(stall);
  const response = await fetch(server.url, { idleTimeout: 50 });
  expect(await rejection(response.text())).toMatchObject({
    phase: "idle",
    message: `GET ${server.url} got no further piece of the response for 50 ms`,
  });
  await server.allClosed();
});

test("a server that drips exceeds the limit of the whole, and its connection is closed (HOUT-05)", async () => {
  await using server = await serve((_request, response) => {
    const drip = setInterval(() => response.write("."), 5);
    response.on("close", () => clearInterval(drip));
  });
  const reading = async (): Promise<string> =>
    (await fetch(server.url, { timeout: 100, idleTimeout: 60_000 })).text();
  expect(await rejection(reading())).toMatchObject({
    phase: "whole",
    message: `GET ${server.url} did not end within 100 ms`,
  });
  await server.allClosed();
});

test("each limit counts its own phase, and nothing else", async () => {
  await withVirtual(async () => {
    const url = "http://127.0.0.1/";
    const ask = async (pace: Fetch, init: object): Promise<string> =>
      (await fetch(url, { fetch: pace, ...init })).text();
    expect(await ask(paced(99, 198, 297), { firstByteTimeout: 100, idleTimeout: 100, timeout: 300 })).toBe(
      "198 297 ",
    );
    expect(await rejection(ask(paced(101), { firstByteTimeout: 100 }))).toMatchObject({
      phase: "first-byte",
    });
    expect(await rejection(ask(paced(1, 50, 151), { idleTimeout: 100 }))).toMatchObject({ phase: "idle" });
    expect(await rejection(ask(paced(1, 50, 151), { timeout: 150 }))).toMatchObject({ phase: "whole" });
    expect(await rejection(ask(paced(1), { timeout: 0 }))).toMatchObject({ phase: "whole", timeoutMs: 0 });
  });
});

test("a slow reader does not exceed the limit of idling", async () => {
  await withVirtual(async () => {
    const response = await fetch("http://127.0.0.1/", { fetch: paced(0, 10, 20), idleTimeout: 50 });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    for (let n = 0; n < 2; n++) {
      expect((await reader.read()).done).toBe(false);
      await sleep(1_000);
    }
    expect((await reader.read()).done).toBe(true);
  });
});

test("while a streamed body is sent, each piece begins the limit of the first byte again", async () => {
  await withVirtual(async () => {
    const consume: Fetch = async (_url, init) => {
      let size = 0;
      for await (const piece of init?.body as ReadableStream<Uint8Array>) {
        await sleep(60);
        size += piece.byteLength;
      }
      await sleep(60);
      return new Response(String(size));
    };
    async function* body(): AsyncGenerator<Uint8Array> {
      for (let n = 0; n < 5; n++) yield new Uint8Array(10);
    }
    const response = await fetch("http://127.0.0.1/", {
      method: "POST",
      body: body(),
      fetch: consume,
      firstByteTimeout: 130,
    });
    expect(await response.text()).toBe("50");
    const stuck = fetch("http://127.0.0.1/", {
      method: "POST",
      body: body(),
      fetch: consume,
      firstByteTimeout: 50,
    });
    expect(await rejection(stuck)).toMatchObject({ phase: "first-byte" });
  });
});

test("a limit of the request is a failure of the operation, and is retried", async () => {
  await using server = await serve((_request, response) => {
    if (server.requests.length > 1) response.end("second");
  });
  const ask = async (): Promise<string> => (await fetch(server.url, { firstByteTimeout: 100 })).text();
  const text = await retry(ask, { attempts: 100, backoff: { initial: 0 } });
  expect(text).toBe("second");
  expect(server.requests.length).toBeGreaterThan(1);
  const outcome = await new Cancellable().settle(() => fetch("http://127.0.0.1/", { timeout: 0 }));
  expect(outcome.status).toBe("failed");
});

test("a limit of the scope is the timeout of the scope", async () => {
  await using server = await serve(stall);
  const scope = new CancelScope({ timeout: 100 });
  await scope.run(async () => {
    const response = await fetch(server.url, { timeout: 60_000 });
    expect(await rejection(response.text())).toBe(scope.error);
  });
  expect(scope.error).toMatchObject({ reason: "timeout" });
  await server.allClosed();
});

test.each([
  ["UND_ERR_CONNECT_TIMEOUT", "connect"],
  ["UND_ERR_HEADERS_TIMEOUT", "first-byte"],
  ["UND_ERR_BODY_TIMEOUT", "idle"],
])("a limit of the host, %s, gets the name of its phase, %s (HOUT-05)", async (code, phase) => {
  const cause = Object.assign(new Error("slow"), { code });
  const failure = new TypeError("fetch failed", { cause });
  const broken = (): Promise<Response> => Promise.reject(failure);
  const error = await rejection(fetch("http://127.0.0.1/", { fetch: broken }));
  expect(error).toMatchObject({ phase, timeoutMs: undefined, cause: failure });
  const body = new ReadableStream({ pull: (controller) => controller.error(failure) });
  const response = await fetch("http://127.0.0.1/", { fetch: async () => new Response(body) });
  expect(await rejection(response.text())).toMatchObject({ phase, cause: failure });
});

test("no timer is left when the body has been read", async () => {
  await using server = await serve((_request, response) => response.end("done"));
  const before = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const init = { timeout: 60_000, connectTimeout: 60_000, firstByteTimeout: 60_000, idleTimeout: 60_000 };
  await failAfter(60_000, async () => (await fetch(server.url, init)).text());
  const rest = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  await until(() => rest() <= before + 1); // one of the host, for its connections
});
