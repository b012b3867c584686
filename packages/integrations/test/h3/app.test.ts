import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { currentOperation, setReporter, sleep } from "@hother/cancelable";
import { fromNodeHandler, H3, type H3Event, HTTPError, onError, toNodeHandler } from "h3";
import { afterEach, expect, test } from "vitest";
import { cancelable, limit, type RequestEnd } from "../../src/h3/index.ts";
import { requestListener } from "../../src/node-http/index.ts";
import { hostName, serve } from "../fetch-handler/host.ts";
import { ConsoleErrors } from "../hono/console-errors.ts";
import type { Client } from "../server-kit/answer.ts";
import { Gate } from "../server-kit/gate.ts";
import { http1Client } from "../server-kit/raw-connection.ts";

const ends: Array<RequestEnd<H3Event>> = [];
const reports: unknown[] = [];
let cleanUp: Array<() => unknown> = [];
afterEach(async () => {
  for (const step of cleanUp) await step();
  cleanUp = [];
  ends.length = 0;
  reports.length = 0;
});

function newApp(config?: ConstructorParameters<typeof H3>[0]): H3 {
  const app = new H3(config);
  app.use(cancelable({ onEnd: (end) => ends.push(end) }));
  return app;
}

/** Serves by the adapter of h3 for Node, and on other hosts as a plain fetch handler. */
async function start(app: H3): Promise<{ client: Client; logged: readonly unknown[] }> {
  const before = setReporter((error) => reports.push(error));
  const errors = new ConsoleErrors();
  const { port, close } =
    hostName === "Node" ? await startOnNode(app) : await serve((request) => app.fetch(request));
  const client = http1Client(port);
  cleanUp.push(
    () => client.close(),
    close,
    () => errors.stop(),
    () => setReporter(before),
  );
  return { client, logged: errors.seen };
}

async function startOnNode(app: H3): Promise<{ port: number; close(): unknown }> {
  const server = createServer(toNodeHandler(app));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

test("a second `cancelable` takes the operation of the first, in the application and in a part (HIN-20)", async () => {
  const app = newApp();
  app.use(cancelable({ timeout: 1 }));
  const api = new H3();
  api.use(cancelable({ timeout: 1 }));
  api.get("/things/:id", async ({ context }) => {
    await sleep(20);
    expect(currentOperation()).toBe(context.operation);
    return context.operation.name;
  });
  app.mount("/api", api);
  const { client } = await start(app);
  expect((await client.send({ path: "/api/things/7" }).answer)?.body).toBe("GET /api/things/:id");
  await expect.poll(() => ends.length).toBe(1);
  expect(ends[0]).toMatchObject({ status: 200, sent: "whole", reason: undefined });
});

test("an error after the answer to a time limit is reported (HIN-16)", async () => {
  const app = newApp();
  app.get("/things/:id", async ({ context }) => {
    context.operation.limit(1); // a limit from before could keep the handler from running
    try {
      await sleep(1_000_000);
    } finally {
      throw new Error("the clean-up failed");
    }
  });
  const { client } = await start(app);
  expect((await client.send({ path: "/things/7" }).answer)?.status).toBe(504);
  await expect.poll(() => ends.length).toBe(1);
  expect(ends[0]?.operation.status).toBe("failed");
  expect(reports).toMatchObject([{ message: "the clean-up failed" }]);
});

test("middleware and the handler for errors run in the operation (HIN-12)", async () => {
  const seen: string[] = [];
  const see = (where: string, { context }: H3Event): void => {
    if (currentOperation() === context.operation) seen.push(where);
  };
  const app = newApp();
  app.use(async (event, next) => {
    see("before", event);
    await next();
    see("after", event);
  });
  app.use(
    onError((_error, event) => {
      see("error", event);
      return "oh";
    }),
  );
  app.get("/things/:id", (event) => {
    see("handler", event);
    return "ok";
  });
  app.get("/broken", (event) => {
    see("handler", event);
    throw new HTTPError({ status: 503 });
  });
  const { client } = await start(app);
  expect((await client.send().answer)?.body).toBe("ok");
  expect((await client.send({ path: "/broken" }).answer)?.body).toBe("oh");
  expect(seen).toEqual(["before", "handler", "after", "before", "handler", "error", "after"]);
});

test("an error of a handler is for h3 to log and answer; that of a client is no failure", async () => {
  const hooks: string[] = [];
  const app = newApp({
    onResponse: ({ status }) => void hooks.push(`response ${status}`),
    onError: ({ status }) => void hooks.push(`error ${status}`),
  });
  app.get("/broken", () => {
    throw new Error("broken");
  });
  app.get("/forbidden", () => {
    throw new HTTPError({ status: 403, message: "not you" });
  });
  const { client, logged } = await start(app);
  expect(await client.send({ path: "/broken" }).answer).toMatchObject({ status: 500 });
  expect(await client.send({ path: "/forbidden" }).answer).toMatchObject({ status: 403 });
  expect(await client.send({ path: "/nothing" }).answer).toMatchObject({ status: 404 });
  await expect.poll(() => ends.length).toBe(3);
  expect(ends.map(({ status, sent, operation }) => [status, sent, operation.status])).toEqual([
    [500, "whole", "failed"],
    [403, "whole", "completed"],
    [404, "whole", "completed"],
  ]);
  expect(logged).toHaveLength(2); // h3 itself logs it again after its hook `onError`
  expect(reports).toEqual([]);
  expect(hooks).toEqual([
    "error 500",
    "response 500",
    "error 403",
    "response 403",
    "error 404",
    "response 404",
  ]);
});

test("the stream of an answer that comes too late is cancelled (HIN-16)", async () => {
  const cancelled = new Gate();
  const app = newApp();
  app.get("/late", async ({ context }) => {
    context.operation.limit(1); // a limit from before could keep the handler from running
    await sleep({ minutes: 1 }).catch(() => {});
    return new ReadableStream({ cancel: cancelled.open });
  });
  const { client } = await start(app);
  expect(await client.send({ path: "/late" }).answer).toMatchObject({ status: 504, isComplete: true });
  await cancelled.opened;
});

// Other hosts have their own servers.
if (hostName === "Node") {
  test("behind a listener of node:http, h3 takes the operation of the listener (HIN-20)", async () => {
    const app = newApp();
    app.get(
      "/things/:id",
      ({ context }) => `${context.operation === currentOperation()} ${context.operation.name}`,
    );
    const handler = toNodeHandler(app);
    const outer: unknown[] = [];
    const server = createServer(
      requestListener((request, response) => handler(request, response), {
        route: () => "/outer",
        onEnd: ({ name }) => outer.push(name),
      }),
    );
    await once(server.listen(0, "127.0.0.1"), "listening");
    const client = http1Client((server.address() as AddressInfo).port);
    expect((await client.send().answer)?.body).toBe("true GET /outer");
    await expect.poll(() => outer).toEqual(["GET /outer"]);
    expect(ends).toEqual([]);
    client.close();
    server.close();
    server.closeAllConnections();
  });

  test("a handler of Node that writes the answer itself ends the operation (HIN-19)", async () => {
    const app = newApp();
    app.get(
      "/raw",
      fromNodeHandler((_request, response) => {
        response.statusCode = 202;
        response.end("raw");
      }),
    );
    const { client } = await start(app);
    expect(await client.send({ path: "/raw" }).answer).toMatchObject({ status: 202, body: "raw" });
    await expect.poll(() => ends.length).toBe(1);
    expect(ends[0]).toMatchObject({ status: 202, sent: "whole", reason: undefined });
  });
}

test("wrong options and a limit without an operation are refused", async () => {
  expect(() => cancelable({ timeOut: 5 } as object)).toThrow("timeout");
  expect(() => limit("soon" as never)).toThrow("span");
  let message: unknown;
  const app = new H3({ silent: true, onError: (error) => void (message = (error.cause as Error).message) });
  app.get("/", () => "no", { middleware: [limit(5)] });
  expect((await app.request("/")).status).toBe(500);
  expect(message).toBe("limit: the request has no operation; use cancelable() before it");
});
