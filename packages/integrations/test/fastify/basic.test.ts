import { request as send } from "node:http";
import { currentOperation, Deferred, OperationRegistry, sleep } from "@hother/cancelable";
import { type FastifyInstance, type FastifyRequest, fastify } from "fastify";
import { afterEach, expect, test } from "vitest";
import { type CancelableOptions, cancelable, type RequestEnd } from "../../src/fastify/index.ts";

let app: FastifyInstance;
const ends: RequestEnd<FastifyRequest>[] = [];
/** The lines of the log, from level info. */
const lines: Array<Record<string, unknown>> = [];

async function start(options?: CancelableOptions): Promise<FastifyInstance> {
  ends.length = lines.length = 0;
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
  app = fastify({ logger: { level: "info", stream }, forceCloseConnections: true });
  await app.register(cancelable, { onEnd: (end) => ends.push(end), ...options });
  return app;
}

const listen = () => app.listen({ port: 0, host: "127.0.0.1" });
const end = async () => {
  await expect.poll(() => ends.length).toBe(1);
  return ends[0] as RequestEnd<FastifyRequest>;
};

afterEach(() => app.close());

test("a request is the ambient operation of its handler, with the pattern of its route, and ends with the answer", async () => {
  const registry = new OperationRegistry();
  const app = await start({ register: registry, metadata: ({ id }) => ({ id }) });
  await app.register(
    async (child) => {
      child.get("/users/:id", async (request) => {
        await sleep(1);
        expect(currentOperation()).toBe(request.operation);
        expect(registry.list()).toHaveLength(1);
        return request.operation.name;
      });
    },
    { prefix: "/v1" },
  );
  const answer = await fetch(`${await listen()}/v1/users/5`);
  expect(await answer.text()).toBe("GET /v1/users/:id");
  const { operation, ...rest } = await end();
  expect(rest).toMatchObject({ name: "GET /v1/users/:id", status: 200, sent: "whole", reason: undefined });
  expect(operation.status).toBe("completed");
  expect(operation.context.metadata).toEqual({ id: rest.request.id });
  expect(registry.list()).toEqual([]);
});

test("a request that app.inject() makes completes, and a time limit answers it", async () => {
  const app = await start();
  app.get("/fast", async () => "fast");
  app.get("/slow", { config: { cancelable: { timeout: 30 } } }, async () => sleep(60_000));
  expect((await app.inject("/fast")).body).toBe("fast");
  expect(await end()).toMatchObject({ status: 200, sent: "whole", reason: undefined });
  ends.length = 0;
  expect((await app.inject("/slow")).statusCode).toBe(504);
  expect(await end()).toMatchObject({ status: 504, sent: "whole", reason: "timeout" });
});

test("a time limit answers 504 with the headers that hooks have set, and the late answer of the handler is dropped", async () => {
  const app = await start();
  app.addHook("onRequest", async (_request, reply) => {
    reply.header("access-control-allow-origin", "*").header("etag", "x");
  });
  let late: Promise<unknown> | undefined;
  app.get("/", (request, reply) => {
    late = new Promise((resolve) =>
      request.operation.signal.addEventListener("abort", () =>
        setTimeout(() => {
          reply.code(200).header("x", "y").send({ late: true });
          reply.send("again");
          resolve(undefined);
        }, 5),
      ),
    );
    request.operation.limit(1); // only now: the hook has run, and the listener is there
    return late.then(() => ({ again: true }));
  });
  const answer = await fetch(await listen());
  expect(answer.status).toBe(504);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  expect(answer.headers.get("etag")).toBeNull();
  expect(answer.headers.get("x")).toBeNull();
  expect(await answer.json()).toMatchObject({ status: 504, title: "Gateway Timeout" });
  await late;
  const { operation, ...rest } = await end();
  expect(rest).toMatchObject({ name: "GET /", status: 504, sent: "whole", reason: "timeout" });
  expect(operation.status).toBe("cancelled");
  expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
    [30, expect.stringContaining("Server listening")],
    [30, "incoming request"],
    [30, "request completed"],
  ]);
});

test("a client that leaves is answered nothing, and one line of the log says so", async () => {
  const app = await start();
  const reached = new Deferred<void>();
  app.get("/wait/:id", async () => {
    reached.resolve();
    await sleep(60_000);
  });
  const client = send(`${await listen()}/wait/7`).on("error", () => {});
  client.end();
  await reached.wait();
  client.destroy();
  expect(await end()).toMatchObject({ status: 499, sent: "nothing", reason: "disconnect" });
  expect(ends[0]?.operation.status).toBe("cancelled");
  expect(lines.slice(2)).toEqual([
    expect.objectContaining({
      level: 30,
      msg: "the client left",
      operation: "GET /wait/:id",
      statusCode: 499,
      reqId: ends[0]?.request.id,
    }),
  ]);
});
