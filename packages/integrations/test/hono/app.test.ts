import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Cancellable, currentOperation, setReporter, sleep } from "@hother/cancelable";
import { type Context, Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { stream, streamSSE } from "hono/streaming";
import { afterEach, expect, test } from "vitest";
import { breakOff, cancelable, limit, type RequestEnd } from "../../src/hono/index.ts";
import { requestListener } from "../../src/node-http/index.ts";
import { hostName, serve } from "../fetch-handler/host.ts";
import type { Client } from "../server-kit/answer.ts";
import { Gate } from "../server-kit/gate.ts";
import { http1Client } from "../server-kit/raw-connection.ts";
import { ConsoleErrors } from "./console-errors.ts";

const ends: Array<RequestEnd<Context>> = [];
const reports: unknown[] = [];
let cleanUp: Array<() => unknown> = [];
afterEach(async () => {
  for (const step of cleanUp) await step();
  cleanUp = [];
  ends.length = 0;
  reports.length = 0;
});

function newApp(): Hono {
  const app = new Hono();
  app.use(cancelable({ onEnd: (end) => ends.push(end) }));
  return app;
}

/** Serves on the host of the tests. */
async function start(app: Hono): Promise<{ client: Client; logged: readonly unknown[] }> {
  const before = setReporter((error) => reports.push(error));
  const errors = new ConsoleErrors();
  const { port, close } = await serve(app.fetch);
  const client = http1Client(port);
  cleanUp.push(
    () => client.close(),
    close,
    () => errors.stop(),
    () => setReporter(before),
  );
  return { client, logged: errors.seen };
}

const bodyOf = async (client: Client, path: string): Promise<string | undefined> =>
  (await client.send({ path }).answer)?.body;

test("a second `cancelable` takes the operation of the first, in the application and in a router (HIN-20)", async () => {
  const app = newApp();
  app.use(cancelable({ timeout: 1 }));
  const api = new Hono();
  api.use(cancelable({ timeout: 1 }));
  api.get("/things/:id", async (c) => {
    await sleep(20);
    expect(currentOperation()).toBe(c.var.operation);
    return c.text(c.var.operation.name);
  });
  app.route("/api", api);
  const { client } = await start(app);
  expect(await bodyOf(client, "/api/things/7")).toBe("GET /api/things/:id");
  await expect.poll(() => ends.length).toBe(1);
  expect(ends[0]).toMatchObject({ status: 200, sent: "whole", reason: undefined });
});

// Other hosts have their own servers.
if (hostName === "Node") {
  test("behind a listener of node:http, Hono takes the operation of the listener (HIN-20)", async () => {
    const app = newApp();
    app.get("/things/:id", (c) =>
      c.text(`${c.var.operation === currentOperation()} ${c.var.operation.name}`),
    );
    const honoListener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
    const outer: unknown[] = [];
    const server = createServer(
      requestListener((request, response) => honoListener(request, response), {
        route: () => "/outer",
        onEnd: ({ name }) => outer.push(name),
      }),
    );
    await once(server.listen(0, "127.0.0.1"), "listening");
    const client = http1Client((server.address() as AddressInfo).port);
    expect(await bodyOf(client, "/things/7")).toBe("true GET /outer");
    await expect.poll(() => outer).toEqual(["GET /outer"]);
    expect(ends).toEqual([]);
    client.close();
    server.close();
    server.closeAllConnections();
  });

  test("an answer that the handler writes to the response of Node ends the operation (HIN-19)", async () => {
    const app = newApp();
    app.get("/raw", (c) => {
      const { outgoing } = c.env as { outgoing: ServerResponse };
      outgoing.writeHead(202);
      setTimeout(() => outgoing.end("raw"), 5);
      return RESPONSE_ALREADY_SENT;
    });
    const { client } = await start(app);
    expect(await client.send({ path: "/raw" }).answer).toMatchObject({ status: 202, body: "raw" });
    await expect.poll(() => ends.length).toBe(1);
    expect(ends[0]).toMatchObject({ status: 202, sent: "whole", reason: undefined });
  });

  test("the stream of an answer that comes too late is cancelled (HIN-16)", async () => {
    const cancelled = new Gate();
    const app = newApp();
    app.get("/late", async (c) => {
      c.var.operation.limit(1); // a limit from before could keep the handler from running
      await sleep({ minutes: 1 }).catch(() => {});
      return c.body(new ReadableStream({ cancel: cancelled.open }));
    });
    const { client } = await start(app);
    expect(await client.send({ path: "/late" }).answer).toMatchObject({ status: 504, isComplete: true });
    await cancelled.opened;
  });
}

test("middleware, handlers for errors and for missing routes run in the operation (HIN-12)", async () => {
  const app = newApp();
  const seen: string[] = [];
  const see = (where: string, c: Context): void => {
    if (currentOperation() === c.var.operation) seen.push(where);
  };
  app.use(async (c, next) => {
    see("before", c);
    await next();
    see("after", c);
  });
  app.get("/broken", (c) => {
    see("handler", c);
    throw new Error("broken");
  });
  app.onError((_error, c) => {
    see("error", c);
    return c.text("oh", 500);
  });
  app.notFound((c) => {
    see("missing", c);
    return c.text("no", 404);
  });
  app.get("/stream", (c) =>
    stream(c, async (out) => {
      await sleep(1);
      see("stream", c);
      await out.write("x");
    }),
  );
  const { client } = await start(app);
  expect(await bodyOf(client, "/broken")).toBe("oh");
  expect(await bodyOf(client, "/nothing")).toBe("no");
  expect(await bodyOf(client, "/stream")).toBe("x");
  expect(seen).toEqual([
    "before",
    "handler",
    "error",
    "after",
    "before",
    "missing",
    "after",
    "before",
    "after",
    "stream",
  ]);
  await expect.poll(() => ends.length).toBe(3);
  expect(ends.map(({ operation }) => operation.status)).toEqual(["failed", "completed", "completed"]);
});

test("an error of a handler is logged by Hono once; that of a client is no failure", async () => {
  const app = newApp();
  app.get("/broken", () => {
    throw new Error("broken");
  });
  app.get("/forbidden", () => {
    throw new HTTPException(403, { message: "not you" });
  });
  const { client, logged } = await start(app);
  expect(await client.send({ path: "/broken" }).answer).toMatchObject({ status: 500 });
  expect(await client.send({ path: "/forbidden" }).answer).toMatchObject({ status: 403, body: "not you" });
  await expect.poll(() => ends.length).toBe(2);
  expect(ends.map(({ status, sent, operation }) => [status, sent, operation.status])).toEqual([
    [500, "whole", "failed"],
    [403, "whole", "completed"],
  ]);
  expect(logged).toEqual([[new Error("broken")]]);
  expect(reports).toEqual([]);
});

for (const reason of ["timeout", "shutdown"] as const) {
  test(`${reason} during \`stream()\` of Hono breaks the answer off (HIN-17)`, async () => {
    const app = newApp();
    let operation: Cancellable | undefined;
    app.get("/rows", (c) =>
      stream(
        c,
        async (out) => {
          operation = c.var.operation;
          await out.write("first");
          await sleep({ minutes: 1 });
        },
        breakOff,
      ),
    );
    const { client, logged } = await start(app);
    const request = client.send({ path: "/rows" });
    await request.received("first");
    operation?.cancel(reason);
    expect(await request.answer).toMatchObject({ body: "first", isComplete: false });
    await expect.poll(() => ends.length).toBe(1);
    expect(ends[0]).toMatchObject({ status: 200, sent: "cut", reason });
    expect([logged, reports]).toEqual([[], []]);
  });
}

for (const [title, helper] of [
  ["stream", stream],
  ["streamSSE", streamSSE],
] as const) {
  test(`an error of the callback of \`${title}()\` breaks the answer off with \`breakOff\` (HIN-17)`, async () => {
    const failing = new Gate();
    const app = newApp();
    app.get("/rows", (c) =>
      helper(
        c,
        async (out: { write(text: string): Promise<unknown> }) => {
          await out.write("first");
          await failing.opened;
          throw new Error("broken");
        },
        breakOff,
      ),
    );
    const { client } = await start(app);
    const request = client.send({ path: "/rows" });
    await request.received("first");
    failing.open();
    expect(await request.answer).toMatchObject({ body: "first", isComplete: false });
    await expect.poll(() => ends.length).toBe(1);
    expect(ends[0]).toMatchObject({ sent: "cut", reason: undefined });
    expect(ends[0]?.operation.status).toBe("failed");
    expect(reports).toEqual([new Error("broken")]);
  });
}

test("what Hono answers to the cancellation does not take the place of the answer to the client (HIN-16)", async () => {
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    c.res = new Response(c.res.body, { status: c.res.status, headers: { "x-outer": "1" } });
  });
  app.use(cancelable());
  const errors: unknown[] = [];
  app.onError((error, c) => {
    errors.push(error);
    return c.text("not this", 500);
  });
  app.get("/slow", async (c) => {
    c.var.operation.limit(1); // a limit from before could keep the handler from running
    await sleep({ minutes: 1 });
    return c.text("nor this");
  });
  const answer = await app.request("/slow");
  expect([answer.status, answer.headers.get("x-outer")]).toEqual([504, "1"]);
  expect(await answer.json()).toMatchObject({ title: "Gateway Timeout" });
  await expect.poll(() => errors).toHaveLength(1);
});

test("a handler that ends after the answer to the cancellation leaves an answer alone that outer middleware has made of it (HIN-16)", async () => {
  const cleaning = new Gate();
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    c.res = new Response(c.res.body, c.res);
  });
  app.use(cancelable({ onEnd: (end) => ends.push(end) }));
  app.get("/slow", async (c) => {
    c.var.operation.limit(1); // a limit from before could keep the handler from running
    await sleep({ minutes: 1 }).catch(() => {});
    await cleaning.opened;
    return c.text("late");
  });
  const answer = await app.request("/slow");
  cleaning.open();
  await expect.poll(() => ends.length).toBe(1);
  expect(await answer.json()).toMatchObject({ title: "Gateway Timeout" });
});

test("wrong options and a limit without an operation are refused", async () => {
  expect(() => cancelable({ timeOut: 5 } as object)).toThrow("timeout");
  expect(() => limit("soon" as never)).toThrow("span");
  const app = new Hono();
  app.get("/", limit(5), (c) => c.text("no"));
  let message = "";
  app.onError((error, c) => {
    message = error.message;
    return c.text("oh", 500);
  });
  expect((await app.request("/")).status).toBe(500);
  expect(message).toBe("limit: the request has no operation; use cancelable() before it");
  await expect(breakOff(new Error("x"))).rejects.toThrow("breakOff: the request has no operation");
});
