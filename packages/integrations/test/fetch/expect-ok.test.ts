import { Cancellable, CancelScope, run } from "@hother/cancelable";
import { VirtualBackend } from "@hother/cancelable/testing";
import { expect, test } from "vitest";
import { expectOk, fetch, HttpError } from "../../src/fetch/index.ts";
import { rejection, serve, until } from "./server.ts";

/** The error of `expectOk`. The limit of 1 s passes on the clock of `backend`: a machine that stands still does not lose the body. */
const failureOf = (
  respond: () => Promise<Response>,
  backend = new VirtualBackend({ autoJump: false }),
): Promise<HttpError> => run(() => rejection(expectOk(respond())) as Promise<HttpError>, { backend });

test("a success is returned as it is, and awaited if need be", async () => {
  const response = new Response("fine", { status: 201 });
  expect(await expectOk(response)).toBe(response);
  expect(await (await expectOk(Promise.resolve(response))).text()).toBe("fine");
});

test("another status is an error with status, headers, URL and the body (HOUT-11)", async () => {
  await using server = await serve((_request, response) => {
    response.writeHead(429, { "retry-after": "5", "content-type": "text/plain" }).end("zu viele für heute");
  });
  const error = await failureOf(() => fetch(`${server.url}a?key=secret`));
  expect(error).toBeInstanceOf(HttpError);
  expect(error).toMatchObject({
    name: "HttpError",
    code: "ERR_HTTP_STATUS",
    message: `${server.url}a was answered with 429 Too Many Requests`,
    status: 429,
    statusText: "Too Many Requests",
    url: `${server.url}a?key=secret`,
    excerpt: "zu viele für heute",
    isTruncated: false,
  });
  expect(error.headers.get("retry-after")).toBe("5");
});

test.each(["fetch of this package", "global fetch"])(
  "of an endless body the error has the beginning, and the connection is released: %s (HOUT-11)",
  async (name) => {
    await using server = await serve((_request, response) => {
      response.writeHead(500);
      const write = (): void => {
        while (response.write("ä".repeat(1_001)) && !response.destroyed);
      };
      response.on("drain", write);
      write();
    });
    const send = name === "global fetch" ? globalThis.fetch : fetch;
    const error = await failureOf(() => send(server.url));
    expect(error.excerpt).toBe("ä".repeat(2_048));
    expect(error.isTruncated).toBe(true);
    await server.allClosed();
  },
);

test("a body that falls silent is waited for 1 s, and the error has what came (HOUT-11)", async () => {
  await using server = await serve((_request, response) => response.writeHead(503).write("first"));
  const backend = new VirtualBackend({ autoJump: false });
  let hasCome = (): void => {};
  const first = new Promise<void>((resolve) => {
    hasCome = resolve;
  });
  let isOver = false;
  const ending = failureOf(() => fetch(server.url, { onDownload: hasCome }), backend).finally(() => {
    isOver = true;
  });
  await first;
  await backend.advance(999);
  expect(isOver).toBe(false);
  await backend.advance(1);
  expect(await ending).toMatchObject({ excerpt: "first", isTruncated: true });
  await server.allClosed();
});

test("a body that breaks off leaves the excerpt that came", async () => {
  await using server = await serve((_request, response) => response.writeHead(502).write("half"));
  const breakOff = (): void => void server.requests[0]?.socket.destroy();
  expect(await failureOf(() => fetch(server.url, { onDownload: breakOff }))).toMatchObject({
    status: 502,
    excerpt: "half",
    isTruncated: true,
  });
});

test.each(["fetch of this package", "global fetch"])(
  "a cancellation while the excerpt is read is thrown, and releases the connection: %s (HOUT-11)",
  async (name) => {
    await using server = await serve((_request, response) => response.writeHead(500).write("a"));
    const send = name === "global fetch" ? globalThis.fetch : fetch;
    const operation = new Cancellable();
    const outcome = await operation.settle(async () => {
      const response = await send(server.url);
      const reading = rejection(expectOk(response));
      await until(() => response.bodyUsed || response.body?.locked === true);
      operation.cancel("quota");
      expect(await reading).toBe(operation.error);
    });
    expect(outcome.status).toBe("completed");
    await server.allClosed();
  },
);

test("a deadline ends the reading of the excerpt (HOUT-11)", async () => {
  await using server = await serve((_request, response) => response.writeHead(500).write("a"));
  const scope = new CancelScope({ timeout: 100 });
  await scope.run(async () => {
    expect(await rejection(expectOk(fetch(server.url)))).toBe(scope.error);
  });
  await server.allClosed();
});

test("a response without a body, or whose body has a reader, gives an empty excerpt", async () => {
  expect(await rejection(expectOk(new Response(null, { status: 404 })))).toMatchObject({
    excerpt: "",
    isTruncated: false,
  });
  const used = new Response("text", { status: 404 });
  used.body?.getReader();
  expect(await rejection(expectOk(used))).toMatchObject({ excerpt: "", isTruncated: true });
});

test("another value is refused", async () => {
  for (const value of [undefined, 5, {}])
    expect(await rejection(expectOk(value as never))).toMatchObject({
      message: expect.stringMatching(/^response must be a Response; got/),
    });
});
