import { sleep } from "@hother/cancelable";
import { type FastifyInstance, type FastifyPluginAsync, fastify } from "fastify";
import { expect, onTestFinished, test } from "vitest";
import { type CancelableOptions, cancelable } from "../../src/fastify/index.ts";
import { Application } from "./application.ts";

function newApp(): FastifyInstance {
  const app = fastify();
  onTestFinished(() => app.close());
  return app;
}

test("registering twice in the same scope is refused at the start (HIN-20)", async () => {
  const app = newApp();
  await app.register(cancelable);
  await expect(app.register(cancelable)).rejects.toThrow(
    "@hother/cancelable-integrations/fastify is registered in this scope, or in a scope above it, already. Register it once",
  );
});

test("registering again in a scope below is refused at the start (HIN-20)", async () => {
  const app = newApp();
  await app.register(cancelable);
  app.register(async (child) => {
    await child.register(cancelable, { timeout: 5 });
  });
  await expect(app.ready()).rejects.toThrow("Register it once");
});

test("two scopes side by side have options of their own, and a scope above has no operation (HIN-20)", async () => {
  const app = newApp();
  const names: unknown[] = [];
  const plugin =
    (timeout: number): FastifyPluginAsync =>
    async (child) => {
      await child.register(cancelable, { timeout, onEnd: ({ name }) => names.push(name) });
      child.get("/", async ({ operation }) => {
        await sleep(operation.deadline === Number.POSITIVE_INFINITY ? 0 : 60_000);
        return "ok";
      });
    };
  app.register(plugin(10), { prefix: "/short" });
  app.register(plugin(Number.POSITIVE_INFINITY), { prefix: "/long" });
  app.get("/", async (request) => ({ has: request.operation !== undefined }));
  expect((await app.inject("/short")).statusCode).toBe(504);
  expect((await app.inject("/long")).statusCode).toBe(200);
  expect((await app.inject("/")).json()).toEqual({ has: false });
  await expect.poll(() => names).toEqual(["GET /short", "GET /long"]);
});

test("another plugin can require this one, and the plugin tells which Fastify it needs", async () => {
  const app = newApp();
  const dependent: FastifyPluginAsync = async () => {};
  Object.assign(dependent, {
    [Symbol.for("plugin-meta")]: {
      name: "dependent",
      dependencies: ["@hother/cancelable-integrations/fastify"],
      decorators: { request: ["operation"] },
    },
  });
  app.register(cancelable);
  app.register(dependent);
  await app.ready();
  expect(app.hasPlugin("@hother/cancelable-integrations/fastify")).toBe(true);
});

test.each([
  [{ timeOut: 5 }, "options.timeOut is not an option of cancelable"],
  [{ timeout: "5" }, "options.timeout must be milliseconds"],
  [{ register: "yes" }, "options.register must be true, false or a registry"],
  [{ prefix: "/api" }, "options.prefix is not an option of cancelable"],
])("the options %j are refused at the start", async (options, message) => {
  await expect(newApp().register(cancelable, options as CancelableOptions)).rejects.toThrow(message);
});

test.each([
  [{ timeOut: 5 }, "config.cancelable.timeOut is not an option"],
  [{ timeout: "5" }, "config.cancelable.timeout must be milliseconds"],
])("the limits %j of a route are refused where the route is added", async (limits, message) => {
  const app = newApp();
  await app.register(cancelable);
  const config = { cancelable: limits as object };
  expect(() => app.get("/", { config }, async () => "ok")).toThrow(message);
});

test("a route that was added before the plugin has an operation and its limit, too", async () => {
  const app = newApp();
  app.get("/", { config: { cancelable: { timeout: 10 } } }, async () => sleep(60_000));
  app.register(cancelable);
  expect((await app.inject("/")).statusCode).toBe(504);
});

test("HEAD, which Fastify adds to a GET route, has a name of its own and the limit of the route", async () => {
  const application = await Application.start();
  application.app.get("/:id", { config: { cancelable: { timeout: 10 } } }, async () => sleep(60_000));
  expect((await application.app.inject({ method: "HEAD", url: "/1" })).statusCode).toBe(504);
  expect(await application.end()).toMatchObject({ name: "HEAD /:id", status: 504 });
});

test("a route with a prefix has one handler for both of its paths, called once for each request", async () => {
  const application = await Application.start();
  let calls = 0;
  await application.app.register(
    async (child) => {
      child.get("/", async (request) => {
        calls++;
        return request.operation.name;
      });
    },
    { prefix: "/v1" },
  );
  expect((await application.app.inject("/v1")).body).toBe("GET /v1");
  expect((await application.app.inject("/v1/")).body).toBe("GET /v1");
  expect(calls).toBe(2);
});
