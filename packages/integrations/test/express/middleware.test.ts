import { once } from "node:events";
import { Agent, request as send } from "node:http";
import { bind, currentOperation, OperationRegistry, sleep } from "@hother/cancelable";
import type { NextFunction, Request, Response } from "express";
import multer from "multer";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { cancelable, handler, limit, operationErrors } from "../../src/express/index.ts";
import { serve } from "./served.ts";
import { versions } from "./versions.ts";

const unhandled: unknown[] = [];
const keep = (error: unknown): void => void unhandled.push(error);
process.on("unhandledRejection", keep);
afterEach(() => expect(unhandled.splice(0)).toEqual([]));

/** A request whose client goes away when the handler has begun. */
async function leave(url: string, begun: Promise<unknown>): Promise<void> {
  const client = send(url).on("error", () => {});
  client.end();
  await begun;
  client.destroy();
}

/** A promise, and the function that fulfils it. */
function signalled(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

const form = (): FormData => {
  const body = new FormData();
  body.set("file", new Blob(["content"]), "file.txt");
  return body;
};

describe.each(versions)("%s", (_version, express) => {
  test("everything behind the middleware runs in the operation: parsers, routers, handlers, errors, 404 (HIN-12)", async () => {
    const seen: Array<[where: string, isAmbient: boolean]> = [];
    const look = (where: string, request: Request): void => {
      seen.push([where, currentOperation() === request.operation]);
    };
    const { url, ends } = await serve((options) => {
      const app = express();
      app.use(cancelable(options));
      app.use((request, response, next) => {
        look("first", request);
        response.on("finish", () => look("finish", request));
        next();
      });
      app.use(express.json(), (request, _response, next) => {
        look("behind json", request);
        next();
      });
      const router = express.Router();
      router.param("id", (request, _response, next) => {
        look("param", request);
        next();
      });
      router.post("/items/:id", (request, response, next) => {
        look("handler", request);
        if (request.body.fail) next(new Error("broken"));
        else response.json(request.body);
      });
      app.use("/api", router);
      app.use((request, response) => {
        look("404", request);
        response.status(404).end();
      });
      app.use(
        operationErrors(),
        (_error: Error, request: Request, response: Response, _next: NextFunction) => {
          look("error", request);
          response.status(500).end();
        },
      );
      return app;
    });
    const headers = { "content-type": "application/json" };
    const post = async (path: string, body: object) =>
      (await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) })).text();
    expect(await post("/api/items/1", { a: 1 })).toBe('{"a":1}');
    await post("/api/items/1", { fail: true });
    await post("/nothing", {});
    await expect.poll(() => ends.length).toBe(3);
    expect([...new Set(seen.map(([where]) => where))]).toEqual([
      "first",
      "behind json",
      "param",
      "handler",
      "finish",
      "error",
      "404",
    ]);
    expect(seen.filter(([, isAmbient]) => !isAmbient)).toEqual([]);
    expect(ends.map(({ operation }) => operation.status)).toEqual(["completed", "failed", "completed"]);
  });

  test("behind multer, handler(), bind() and request.operation reach the operation (HIN-12)", async () => {
    const seen: unknown[] = [];
    const { url } = await serve((options) => {
      const app = express();
      app.use(cancelable(options));
      const upload = multer({ storage: multer.memoryStorage() }).single("file");
      app.post(
        "/handler",
        upload,
        handler(async (request, response) => {
          await sleep(1);
          seen.push(currentOperation() === request.operation);
          response.end(request.file?.originalname);
        }),
      );
      app.post(
        "/bind",
        (request, response, next) =>
          upload(
            request,
            response,
            bind((error?: unknown) => next(error)),
          ),
        (request, response) => {
          seen.push(currentOperation() === request.operation);
          response.end(request.file?.originalname);
        },
      );
      app.post("/operation", upload, (request, response) => {
        seen.push(request.operation.name);
        response.end(request.file?.originalname);
      });
      return app;
    });
    for (const path of ["/handler", "/bind", "/operation"])
      expect(await (await fetch(url + path, { method: "POST", body: form() })).text()).toBe("file.txt");
    expect(seen).toEqual([true, true, "POST /operation"]);
  });

  test("a time limit answers 504; the cancellation causes no log, no second answer and no failure (HIN-16, HIN-18)", async () => {
    const errors: unknown[] = [];
    const registry = new OperationRegistry();
    const { url, ends, logged, reports } = await serve((options) => {
      const app = express();
      app.use(cancelable({ ...options, timeout: 20, register: registry }));
      app.get("/next", (_request, _response, next) => void sleep(60_000).then(() => next(), next));
      app.get(
        "/handler",
        handler(async () => sleep(60_000)),
      );
      app.use(
        operationErrors(),
        (error: unknown, _request: Request, response: Response, _next: NextFunction) => {
          errors.push(error);
          response.status(500).end();
        },
      );
      return app;
    });
    for (const path of ["/next", "/handler"]) {
      const answer = await fetch(url + path);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([504, "application/problem+json"]);
      await answer.text();
    }
    await expect.poll(() => ends.length).toBe(2);
    for (const end of ends) {
      expect(end).toMatchObject({ status: 504, sent: "whole", reason: "timeout" });
      expect(end.operation.status).toBe("cancelled");
    }
    expect([errors, logged, reports, registry.list()]).toEqual([[], [], [], []]);
  });

  test("a client that leaves cancels the operation, without a log (HIN-18)", async () => {
    const begun = [signalled(), signalled()];
    const { url, ends, logged, reports } = await serve((options) => {
      const app = express();
      app.use(cancelable(options));
      app.get("/next", (_request, _response, next) => {
        begun[0]?.resolve();
        sleep(60_000).then(() => next(), next);
      });
      app.get(
        "/handler",
        handler(async () => {
          begun[1]?.resolve();
          await sleep(60_000);
        }),
      );
      app.use(operationErrors());
      return app;
    });
    for (const [i, path] of ["/next", "/handler"].entries()) {
      await leave(url + path, begun[i]?.promise ?? Promise.resolve());
      await expect.poll(() => ends.length).toBe(i + 1);
      expect(ends[i]).toMatchObject({
        name: `GET ${path}`,
        status: 499,
        sent: "nothing",
        reason: "disconnect",
      });
      expect(ends[i]?.operation.status).toBe("cancelled");
    }
    expect([logged, reports]).toEqual([[], []]);
  });

  test("a failing handler() is answered by the middleware for errors, and the operation has failed", async () => {
    const problem = new Error("broken");
    const { url, ends, logged } = await serve((options) => {
      const app = express();
      app.use(cancelable(options));
      app.get(
        "/async",
        handler(async () => {
          await sleep(1);
          throw problem;
        }),
      );
      app.get(
        "/sync",
        handler(() => {
          throw problem;
        }),
      );
      app.get(
        "/nothing",
        handler(() => Promise.reject()),
      );
      app.get(
        "/refused",
        handler(() => Promise.reject(Object.assign(new Error("not yours"), { status: 403, expose: true }))),
      );
      app.use(operationErrors());
      return app;
    });
    const paths = ["/async", "/sync", "/nothing", "/refused"];
    const statuses: number[] = [];
    for (const path of paths) {
      const answer = await fetch(url + path);
      statuses.push(answer.status);
      await answer.text();
    }
    expect(statuses).toEqual([500, 500, 500, 403]);
    await expect.poll(() => ends.length).toBe(4);
    expect(ends.map(({ operation }) => operation.status)).toEqual([
      "failed",
      "failed",
      "failed",
      "completed",
    ]);
    expect(ends.map(({ reason }) => reason)).toEqual([undefined, undefined, undefined, undefined]);
    await expect.poll(() => logged.length).toBe(4); // by Express
  });

  test("an error after the answer to a time limit is reported, and leaves the connection to the next request (HIN-16)", async () => {
    const begun = signalled();
    const [failing, answering] = [signalled(), signalled()];
    const { url, ends, reports } = await serve((options) => {
      const app = express();
      app.use(cancelable(options));
      app.get(
        "/slow",
        handler(async (request) => {
          request.operation.limit(1); // from now on: a limit that has passed before would keep the handler from running
          try {
            await sleep(1_000_000);
          } finally {
            await request.operation.shield(() => failing.promise);
            throw new Error("the clean-up failed");
          }
        }),
      );
      app.get("/next", async (_request, response) => {
        begun.resolve();
        await answering.promise;
        response.send("next");
      });
      return app.use(operationErrors());
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const get = async (path: string): Promise<string> => {
      const [answer] = await once(send(url + path, { agent }).end(), "response");
      let text = `${answer.statusCode} `;
      for await (const part of answer) text += String(part);
      return text;
    };
    expect(await get("/slow")).toMatch(/^504 /);
    const next = get("/next");
    await begun.promise;
    failing.resolve();
    await expect.poll(() => ends.length).toBe(1);
    answering.resolve();
    expect(await next).toBe("200 next");
    expect(ends[0]?.operation.status).toBe("failed");
    expect(reports).toMatchObject([{ message: "the clean-up failed" }]);
  });

  test("the operation ends after the promise of handler() has settled", async () => {
    const cleanedUp = signalled();
    const { url, ends } = await serve((options) => {
      const app = express();
      app.use(cancelable(options));
      app.get(
        "/",
        handler(async (_request, response) => {
          response.end("answer");
          await cleanedUp.promise;
        }),
      );
      return app;
    });
    expect(await (await fetch(url)).text()).toBe("answer");
    await sleep(20);
    expect(ends).toEqual([]);
    cleanedUp.resolve();
    await expect.poll(() => ends.length).toBe(1);
    expect(ends[0]?.operation.status).toBe("completed");
  });

  test("registered twice, also on a router, gives one operation; the smaller limit counts (HIN-20, DL-02)", async () => {
    const registry = new OperationRegistry();
    const operations = new Set<unknown>();
    let most = 0;
    const note = (request: Request, _response: Response, next: NextFunction): void => {
      operations.add(request.operation);
      operations.add(currentOperation());
      most = Math.max(most, registry.list().length);
      next();
    };
    const { url, ends } = await serve((options) => {
      const app = express();
      app.use(cancelable({ ...options, register: registry }), note);
      app.use(cancelable({ ...options, register: registry }), note);
      const router = express.Router();
      router.use("/fast", cancelable(options), note);
      router.get("/fast", note, (_request, response) => void response.end());
      // Behind the match of the route, which names the request: the limit can have passed here already.
      router.get(
        "/slow",
        cancelable({ ...options, timeout: 20 }),
        note,
        handler(() => sleep(60_000)),
      );
      app.use("/router", router);
      return app;
    });
    expect((await fetch(`${url}/router/fast`)).status).toBe(200);
    expect([operations.size, most]).toEqual([1, 1]);
    expect((await fetch(`${url}/router/slow`)).status).toBe(504);
    await expect.poll(() => ends.length).toBe(2);
    expect(ends.map(({ name }) => name)).toEqual(["GET /router/fast", "GET /router/slow"]);
  });

  test("limit() of a route shortens the limit, and never lengthens it (DL-02)", async () => {
    const { url, ends } = await serve((options) => {
      const app = express();
      app.use(cancelable({ ...options, timeout: 300 }));
      const slow = handler(() => sleep(60_000));
      app.get("/short", limit(20), slow);
      app.get("/long", limit({ hours: 1 }), slow);
      app.get(
        "/over",
        (_request, _response, next) => void setTimeout(next, 30),
        limit(10),
        () => {
          throw new Error("reached");
        },
      );
      return app;
    });
    for (const path of ["/short", "/long", "/over"]) expect((await fetch(url + path)).status).toBe(504);
    await expect.poll(() => ends.length).toBe(3);
    const [short, long, over] = ends.map(({ operation }) => operation);
    expect(short?.error).toMatchObject({ reason: "timeout" });
    expect(long?.context.duration).toBeGreaterThanOrEqual(299);
    expect(over?.status).toBe("cancelled");
  });

  test("limit() and handler() without the middleware say what is missing", async () => {
    const errors: unknown[] = [];
    const { url } = await serve(() => {
      const app = express();
      app.get("/limit", limit(20));
      app.get(
        "/handler",
        handler(() => {}),
      );
      app.use((error: Error, _request: Request, response: Response, _next: NextFunction) => {
        errors.push(error.message);
        response.status(500).end();
      });
      return app;
    });
    for (const path of ["/limit", "/handler"]) expect((await fetch(url + path)).status).toBe(500);
    expect(errors).toEqual([
      "limit() found no operation of the request. Register cancelable() before limit().",
      "handler() found no operation of the request. Register cancelable() before handler().",
    ]);
  });

  test("wrong options are refused", () => {
    expect(() => cancelable({ timeOut: 1 } as never)).toThrow(/timeOut/);
    expect(() => cancelable({ timeout: Number.NaN })).toThrow(/options.timeout/);
    expect(() => limit("soon" as never)).toThrow(/span/);
    expect(() => handler("fn" as never)).toThrow(/fn/);
  });

  test("leaving in the middle of a body that a parser reads cancels, without a log (HIN-04, HIN-18)", async () => {
    const begun = signalled();
    const { url, ends, logged, reports } = await serve((options) => {
      const app = express();
      app.use(cancelable(options));
      app.use((_request, _response, next) => {
        begun.resolve();
        next();
      });
      app.use(express.json());
      app.use(operationErrors());
      return app;
    });
    const client = send(url, {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": 50 },
    }).on("error", () => {});
    client.write('{"a":');
    await begun.promise;
    client.destroy();
    await expect.poll(() => ends.length).toBe(1);
    expect(ends[0]).toMatchObject({
      name: "POST (no route)",
      status: 499,
      sent: "nothing",
      reason: "disconnect",
    });
    expect(ends[0]?.operation.status).toBe("cancelled");
    expect([logged, reports]).toEqual([[], []]);
  });

  test("an error after the head of the answer cuts the connection, and is a failure, no client that left", async () => {
    const problem = new Error("broken");
    const { url, ends, logged } = await serve((options) => {
      const app = express();
      app.use(cancelable(options));
      app.get(
        "/",
        handler((_request, response) => {
          response.write("first part");
          throw problem;
        }),
      );
      app.use(operationErrors());
      return app;
    });
    const answer = await fetch(url);
    await expect(answer.text()).rejects.toThrow();
    await expect.poll(() => ends.length).toBe(1);
    expect(ends[0]).toMatchObject({ status: 200, sent: "cut", reason: undefined });
    expect(ends[0]?.operation.context.failure?.error).toBe(problem);
    expect(ends[0]?.operation).toMatchObject({ status: "failed", isCancelled: false });
    await expect.poll(() => logged).toHaveLength(1); // by Express
  });
});
