import { once } from "node:events";
import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { currentOperation, OperationRegistry, sleep } from "@hother/cancelable";
import { Router } from "@koa/router";
import Koa from "koa";
import { expect, onTestFinished, test } from "vitest";
import { cancelable, limit, type RequestEnd, type RequestOptions } from "../../src/koa/index.ts";
import { RawConnection, requestText } from "../server-kit/raw-connection.ts";

interface Served {
  readonly url: string;
  readonly ends: ReadonlyArray<RequestEnd<Koa.Context>>;
  /** What Koa has given to the listeners of `error`. */
  readonly errors: readonly unknown[];
}

/** Runs an application until the end of the test. */
async function serve(build: (app: Koa, options: RequestOptions<Koa.Context>) => void): Promise<Served> {
  const ends: Array<RequestEnd<Koa.Context>> = [];
  const errors: unknown[] = [];
  const app = new Koa();
  app.on("error", (error) => errors.push(error));
  build(app, { onEnd: (end) => ends.push(end) });
  const server = createServer(app.callback());
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ends, errors };
}

async function ended({ ends }: Served, count: number): Promise<ReadonlyArray<RequestEnd<Koa.Context>>> {
  await expect.poll(() => ends.length).toBe(count);
  return ends;
}

/** A promise, and the function that fulfils it. */
function signalled(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

test("everything behind the middleware runs in the operation, and ctx.state is untouched (HIN-12)", async () => {
  const seen: Array<[where: string, isAmbient: boolean]> = [];
  const served = await serve((app, options) => {
    const look = (where: string, context: Koa.Context): void => {
      seen.push([where, currentOperation() === context.operation]);
      expect(context.state).toEqual({});
    };
    app.use(cancelable(options));
    app.use(async (context, next) => {
      look("before", context);
      await next();
      look("after", context);
    });
    const router = new Router();
    router.param("id", (_id, context, next) => {
      look("param", context);
      return next();
    });
    router.post("/items/:id", async (context) => {
      for await (const _chunk of context.req) look("body", context);
      look("handler", context);
      context.body = Readable.from(
        (async function* () {
          look("stream", context);
          yield "a";
          await sleep(1);
          look("stream", context);
          yield "b";
        })(),
      );
    });
    router.get("/web", (context) => {
      context.body = new ReadableStream({
        async pull(controller) {
          look("web stream", context);
          await sleep(1);
          controller.enqueue(new TextEncoder().encode("web"));
          controller.close();
        },
      });
    });
    app.use(router.routes());
  });
  const answer = await fetch(`${served.url}/items/1`, { method: "POST", body: "content" });
  expect(await answer.text()).toBe("ab");
  expect(await (await fetch(`${served.url}/web`)).text()).toBe("web");
  await ended(served, 2);
  const places = ["before", "param", "body", "handler", "after", "stream", "web stream"];
  expect(new Set(seen.map(([where]) => where))).toEqual(new Set(places));
  expect(seen.filter(([, isAmbient]) => !isAmbient)).toEqual([]);
});

test("the name has the pattern of the route with the prefixes of all routers (HIN-14)", async () => {
  const served = await serve((app, options) => {
    app.use(cancelable(options));
    const orders = new Router();
    orders.get("/orders/:order", (context) => {
      context.body = context.operation.name;
    });
    orders.get(/^\/re(x+)$/, (context) => {
      context.body = context.operation.name;
    });
    const users = new Router({ prefix: "/users/:user" });
    users.use("/mine/:x", orders.routes());
    users.use(orders.routes());
    app.use(users.routes()).use(orders.routes());
  });
  const names = [
    ["/users/17/orders/4", "GET /users/:user/orders/:order"],
    ["/USERS/17/mine/4/orders/4", "GET /users/:user/mine/:x/orders/:order"],
    ["/orders/4", "GET /orders/:order"],
    ["/rexx", "GET /^\\/re(x+)$/"],
  ] as const;
  for (const [path, name] of names) expect(await (await fetch(served.url + path)).text()).toBe(name);
  await (await fetch(`${served.url}/nothing/17`)).text();
  const found = (await ended(served, names.length + 1)).map(({ name }) => name);
  expect(found).toEqual([...names.map(([, name]) => name), "GET (no route)"]);
});

test("registered twice, also on a router, gives one operation; the smaller limit counts (HIN-20, DL-02)", async () => {
  const registry = new OperationRegistry();
  const operations = new Set<unknown>();
  let most = 0;
  const note: Koa.Middleware = (context, next) => {
    operations.add(context.operation).add(currentOperation());
    most = Math.max(most, registry.list().length);
    return next();
  };
  const served = await serve((app, options) => {
    const all = { ...options, register: registry };
    app.use(cancelable(all)).use(note).use(cancelable(all)).use(note);
    const router = new Router();
    router.use("/fast", cancelable(all), note);
    router.use("/slow", cancelable({ ...all, timeout: 20 }), note);
    router.get("/fast", (context) => {
      context.body = "fast";
    });
    router.get("/slow", () => sleep(60_000));
    app.use(router.routes());
  });
  expect((await fetch(`${served.url}/fast`)).status).toBe(200);
  expect([operations.size, most]).toEqual([1, 1]);
  expect((await fetch(`${served.url}/slow`)).status).toBe(504);
  expect((await ended(served, 2)).map(({ name }) => name)).toEqual(["GET /fast", "GET /slow"]);
  expect(served.errors).toEqual([]);
});

test("limit() of a route shortens the limit, and is refused without the middleware (DL-02)", async () => {
  const served = await serve((app, options) => {
    const router = new Router();
    router.get("/without", limit(20));
    router.get("/short", cancelable(options), limit(20), () => sleep(60_000));
    router.get(
      "/over",
      cancelable(options),
      (_context, next) => sleep(30).then(next),
      limit(10),
      () => {
        throw new Error("reached");
      },
    );
    app.use(router.routes());
  });
  for (const path of ["/short", "/over"]) expect((await fetch(served.url + path)).status).toBe(504);
  expect(served.errors).toEqual([]);
  expect((await fetch(`${served.url}/without`)).status).toBe(500);
  expect(String(served.errors[0])).toBe(
    "TypeError: limit() found no operation of the request. Register cancelable() before limit().",
  );
});

test("an error of the application is answered by Koa, and is a failure unless it blames the client", async () => {
  const problem = new Error("broken");
  const served = await serve((app, options) => {
    app.use(cancelable(options));
    app.use((context) => {
      if (context.path === "/refused") context.throw(403, "not yours");
      if (context.path === "/circular") {
        const body: Record<string, unknown> = {};
        body.self = body;
        context.body = body; // Koa fails when it sends
        return;
      }
      throw problem;
    });
  });
  const statuses: number[] = [];
  for (const path of ["/broken", "/refused", "/circular"]) {
    const answer = await fetch(served.url + path);
    await answer.text();
    statuses.push(answer.status);
  }
  expect(statuses).toEqual([500, 403, 500]);
  const operations = (await ended(served, 3)).map(({ operation }) => operation);
  expect(operations.map(({ status }) => status)).toEqual(["failed", "completed", "failed"]);
  expect(operations[0]?.context.failure?.error).toBe(problem);
  expect(served.errors).toHaveLength(3);
});

test.each(["flushed headers", "respond = false"])(
  "an error after %s cuts the connection, and is a failure",
  async (how) => {
    const problem = new Error("broken");
    const served = await serve((app, options) => {
      app.use(cancelable(options));
      app.use(async (context) => {
        if (how === "flushed headers") context.flushHeaders();
        else {
          context.respond = false;
          context.res.write("first part");
        }
        await sleep(1);
        throw problem;
      });
    });
    const read = async (): Promise<string> => (await fetch(served.url)).text();
    await expect(read()).rejects.toThrow();
    const [end] = await ended(served, 1);
    expect(end).toMatchObject({ sent: "cut", reason: undefined });
    expect(end?.operation).toMatchObject({ status: "failed", isCancelled: false });
    expect(end?.operation.context.failure?.error).toBe(problem);
    expect(served.errors).toEqual([problem]);
  },
);

test("with respond = false, the end of the raw response ends the operation, and a client that leaves cancels it (HIN-19)", async () => {
  const begun = signalled();
  const served = await serve((app, options) => {
    app.use(cancelable(options));
    app.use((context) => {
      context.respond = false;
      if (context.path === "/left") begun.resolve();
      else setTimeout(() => context.res.end("raw"), 5);
    });
  });
  expect(await (await fetch(`${served.url}/raw`)).text()).toBe("raw");
  await ended(served, 1);
  const client = send(`${served.url}/left`).on("error", () => {});
  client.end();
  await begun.promise;
  client.destroy();
  const [raw, left] = await ended(served, 2);
  expect([raw?.operation.status, raw?.sent]).toEqual(["completed", "whole"]);
  expect([left?.operation.status, left?.sent, left?.reason]).toEqual(["cancelled", "nothing", "disconnect"]);
  expect(served.errors).toEqual([]);
});

test("a body whose source fails is a failure, and Koa hears of it", async () => {
  const problem = new Error("the disk is gone");
  const served = await serve((app, options) => {
    app.use(cancelable(options));
    app.use((context) => {
      context.body = Readable.from(
        (async function* () {
          yield "first part";
          await sleep(1);
          throw problem;
        })(),
      );
    });
  });
  const answer = await fetch(served.url);
  await expect(answer.text()).rejects.toThrow();
  const [end] = await ended(served, 1);
  expect(end).toMatchObject({ sent: "cut", reason: undefined, status: 200 });
  expect(end?.operation.context.failure?.error).toBe(problem);
  // Koa tells of the stream and of the response, which was destroyed with the same error.
  await expect.poll(() => new Set(served.errors)).toEqual(new Set([problem]));
});

test("a body that is a Response or a web stream keeps its headers, and is closed when the client leaves (HIN-05)", async () => {
  const cancelled = [signalled(), signalled()];
  const stream = (i: number): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("first part")),
      cancel: () => cancelled[i]?.resolve(),
    });
  const served = await serve((app, options) => {
    app.use(cancelable(options));
    app.use((context) => {
      if (context.path === "/response") {
        context.body = new Response(stream(0), { status: 201, headers: { "content-length": "1000" } });
        return;
      }
      context.body = stream(1);
      context.length = 1_000;
    });
  });
  for (const [i, path] of ["/response", "/stream"].entries()) {
    const leaving = new AbortController();
    const answer = await fetch(served.url + path, { signal: leaving.signal });
    expect([answer.status, answer.headers.get("content-length")]).toEqual([i === 0 ? 201 : 200, "1000"]);
    await answer.body?.getReader().read();
    leaving.abort();
    await cancelled[i]?.promise;
    const end = (await ended(served, i + 1))[i];
    expect(end).toMatchObject({ status: 499, sent: "cut", reason: "disconnect" });
  }
  expect(served.errors).toEqual([]);
});

test("a client that resets its connection during a web stream has left (HIN-05)", async () => {
  const cancelled = signalled();
  const served = await serve((app, options) => {
    app.use(cancelable(options));
    app.use((context) => {
      context.body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("first part")),
        cancel: () => cancelled.resolve(),
      });
    });
  });
  const connection = await RawConnection.open(Number(new URL(served.url).port));
  await connection.send(requestText());
  await connection.received("first part");
  connection.leave("RST");
  await cancelled.promise;
  const [end] = await ended(served, 1);
  expect(end).toMatchObject({ status: 499, sent: "cut", reason: "disconnect" });
  expect(end?.operation.status).toBe("cancelled");
  expect(served.errors).toEqual([]);
});

test("a web stream that fails, also with a value that is no error, is a failure", async () => {
  const served = await serve((app, options) => {
    app.use(cancelable(options));
    app.use((context) => {
      context.body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("first part")),
        pull: () => Promise.reject("no more"),
      });
    });
  });
  const read = async (): Promise<string> => (await fetch(served.url)).text();
  await expect(read()).rejects.toThrow();
  const [end] = await ended(served, 1);
  expect(end).toMatchObject({ reason: undefined });
  expect(end?.operation.status).toBe("failed");
  await expect.poll(() => String(served.errors[0])).toBe("Error: the web stream failed with no more");
});

test("a stream that others read as well stays as it is", async () => {
  const served = await serve((app, options) => {
    app.use(cancelable(options));
    app.use((context) => {
      const body = new PassThrough();
      context.body = body;
      body.write("a");
      setTimeout(() => body.end("b"), 5);
    });
  });
  expect(await (await fetch(served.url)).text()).toBe("ab");
  expect((await ended(served, 1))[0]?.operation.status).toBe("completed");
});

test("the error handler of the application's context still gets the errors", async () => {
  const got: unknown[] = [];
  const problem = new Error("broken");
  const served = await serve((app, options) => {
    app.context.onerror = function (this: Koa.Context, error: Error | null) {
      if (error === null || error === undefined) return;
      got.push(error);
      this.res.statusCode = 502;
      this.res.end("ours");
    };
    app.use(cancelable(options));
    app.use(() => {
      throw problem;
    });
  });
  const answer = await fetch(served.url);
  expect([answer.status, await answer.text()]).toEqual([502, "ours"]);
  expect(got).toEqual([problem]);
});

test("wrong options are refused", () => {
  expect(() => cancelable({ timeOut: 1 } as never)).toThrow(/timeOut/);
  expect(() => cancelable({ timeout: Number.NaN })).toThrow(/options.timeout/);
  expect(() => limit("soon" as never)).toThrow(/span/);
});
