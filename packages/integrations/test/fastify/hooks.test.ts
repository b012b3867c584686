import { once } from "node:events";
import { createServer } from "node:http";
import type { Readable } from "node:stream";
import { bind, currentOperation, sleep } from "@hother/cancelable";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { expect, test } from "vitest";
import { requestListener } from "../../src/node-http/index.ts";
import { Gate } from "../server-kit/gate.ts";
import { Application } from "./application.ts";

/** Where the code of a request ran, and whether the operation of the request was the ambient one there. */
class Places {
  readonly seen: Array<readonly [place: string, isAmbient: boolean]> = [];
  look(place: string, request: FastifyRequest): void {
    this.seen.push([place, currentOperation() === request.operation && request.operation !== undefined]);
  }
}

/** Adds hooks of all kinds, with callbacks and with promises. */
function watch(app: FastifyInstance, places: Places): void {
  // The hooks of a loop have the same arguments; the types of Fastify have one signature for each name.
  for (const name of ["onRequest", "preValidation", "preHandler"] as unknown as ["onRequest"]) {
    app.addHook(name, (request, _reply, done) => {
      places.look(name, request);
      setImmediate(done);
    });
    app.addHook(name, async (request) => {
      await sleep(0);
      places.look(`${name} async`, request);
    });
  }
  for (const name of ["preSerialization", "onSend"] as unknown as ["onSend"]) {
    app.addHook(name, (request, _reply, payload, done) => {
      places.look(name, request);
      setImmediate(done, null, payload);
    });
    app.addHook(name, async (request, _reply, payload) => {
      await sleep(0);
      places.look(`${name} async`, request);
      return payload;
    });
  }
  app.addHook("preParsing", (request, _reply, payload, done) => {
    places.look("preParsing", request);
    setImmediate(done, null, payload);
  });
  // The operation ends with the answer, so later steps of this hook are outside.
  app.addHook("onResponse", async (request) => places.look("onResponse", request));
  app.addHook("onError", async (request) => {
    await sleep(0);
    places.look("onError", request);
  });
  app.setErrorHandler(async (_error, request) => {
    await sleep(0);
    places.look("error handler", request);
    return { failed: true };
  });
  app.setNotFoundHandler(async (request) => {
    await sleep(0);
    places.look("not-found handler", request);
    return { missing: true };
  });
}

/** Sends the body in two parts, so that its end arrives by an event of the socket. */
async function sendSlowly(application: Application, type: string, body: string): Promise<void> {
  const headers = { "content-type": type, "content-length": String(body.length) };
  const connection = await application.send({ method: "POST", path: "/", headers });
  await connection.send(body.slice(0, 3));
  await sleep(20);
  await connection.send(body.slice(3));
  expect(await connection.answer()).toMatchObject({ isComplete: true });
}

test("each hook, the parser, the serializer and the handler run in the operation (HIN-12)", async () => {
  const places = new Places();
  const application = await Application.start();
  const { app } = application;
  watch(app, places);
  app.addContentTypeParser("text/csv", async (request: FastifyRequest, payload: Readable) => {
    let text = "";
    for await (const chunk of payload) text += chunk;
    places.look("parser", request);
    return text;
  });
  app.post(
    "/",
    { preHandler: async (request) => places.look("preHandler of the route", request) },
    async (request) => {
      places.look("handler", request);
      return { toJSON: () => places.look("serializer", request) };
    },
  );
  await sendSlowly(application, "text/csv", "a,b,c");
  await application.end();
  await expect.poll(() => places.seen.length).toBe(16);
  expect(places.seen.filter(([, isAmbient]) => !isAmbient)).toEqual([]);
  expect(places.seen.map(([place]) => place)).toEqual([
    "onRequest",
    "onRequest async",
    "preParsing",
    "parser",
    "preValidation",
    "preValidation async",
    "preHandler",
    "preHandler async",
    "preHandler of the route",
    "handler",
    "preSerialization",
    "preSerialization async",
    "serializer",
    "onSend",
    "onSend async",
    "onResponse",
  ]);
});

test("after the parser of Fastify for JSON, the handler runs in the operation (HIN-12)", async () => {
  const places = new Places();
  const application = await Application.start();
  application.app.post("/", async (request) => {
    places.look("handler", request);
    return request.body;
  });
  await sendSlowly(application, "application/json", '{"a":1}');
  expect(places.seen).toEqual([["handler", true]]);
});

test("the hook for errors, the error handler and the not-found handler run in the operation (HIN-12)", async () => {
  const places = new Places();
  const application = await Application.start();
  watch(application.app, places);
  application.app.get("/", async () => {
    throw new Error("broken");
  });
  expect((await application.app.inject("/")).json()).toEqual({ failed: true });
  expect((await application.app.inject("/missing")).json()).toEqual({ missing: true });
  expect((await application.end(2)).name).toBe("GET (no route)");
  const wanted = ["onError", "error handler", "not-found handler"];
  expect(places.seen.filter(([place]) => wanted.includes(place))).toEqual(
    wanted.map((place) => [place, true]),
  );
  expect(places.seen.filter(([, isAmbient]) => !isAmbient)).toEqual([]);
});

test("onResponse runs in the operation also where the plugin has answered (HIN-12)", async () => {
  const places = new Places();
  const application = await Application.start({ timeout: 20 });
  application.app.addHook("onResponse", async (request) => places.look("onResponse", request));
  application.app.get("/", () => sleep({ minutes: 1 }));
  const connection = await application.send({ path: "/" });
  expect(await connection.answer()).toMatchObject({ status: 504 });
  await application.end();
  expect(places.seen).toEqual([["onResponse", true]]);
});

test("a parser of forms that calls back from events loses the operation until the handler, and bind keeps it (HIN-12)", async () => {
  const places = new Places();
  const application = await Application.start();
  const { app } = application;
  // As parsers of forms do: from an event of the socket, in a hook that is no parser of Fastify.
  app.addContentTypeParser("multipart/form-data", (_request, _payload, done) => done(null));
  app.addHook("preHandler", (request, _reply, done) => {
    request.raw.on("data", () => places.look("event", request));
    request.raw.on(
      "data",
      bind(() => places.look("bound event", request)),
    );
    request.raw.on("end", () => done());
  });
  app.post("/", async (request) => {
    places.look("handler", request);
    await sleep(0);
    places.look("handler later", request);
    return "ok";
  });
  await sendSlowly(application, "multipart/form-data", "abcdefg");
  const ambient = (place: string) =>
    places.seen.filter(([name]) => name === place).map(([, isAmbient]) => isAmbient);
  expect(ambient("bound event")).toContain(true);
  expect(ambient("bound event")).not.toContain(false);
  expect(ambient("handler")).toEqual([true]);
  expect(ambient("handler later")).toEqual([true]);
});

test("onRequestAbort runs outside, where request.operation tells the reason", async () => {
  const seen: unknown[] = [];
  const waiting = new Gate();
  const aborted = new Gate();
  const application = await Application.start();
  application.app.addHook("onRequestAbort", async (request) => {
    seen.push(currentOperation(), request.operation.error?.reason);
    aborted.open();
  });
  application.app.get("/", async () => {
    waiting.open();
    await sleep({ minutes: 10 });
  });
  const connection = await application.send({ path: "/" });
  await waiting.opened;
  connection.leave();
  await aborted.opened;
  await application.end();
  expect(seen).toEqual([undefined, "disconnect"]);
});

test("a request that a listener around Fastify has taken keeps that one operation (HIN-20)", async () => {
  const outer: unknown[] = [];
  const application = await Application.start(undefined, {
    forceCloseConnections: true,
    serverFactory: (handler) =>
      createServer(
        requestListener(
          (request, response, operation) => {
            outer.push(operation);
            handler(request, response);
            return once(response, "close");
          },
          { timeout: 10_000 },
        ),
      ),
  });
  application.app.get("/", async (request) => {
    outer.push(request.operation, currentOperation());
    return "ok";
  });
  const connection = await application.send({ path: "/" });
  expect(await connection.answer()).toMatchObject({ body: "ok" });
  expect(outer).toHaveLength(3);
  expect(new Set(outer).size).toBe(1);
});
