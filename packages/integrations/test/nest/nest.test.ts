import "reflect-metadata";
import { get } from "node:http";
import { CancellationError, currentOperation, Deferred, getBackend, sleepForever } from "@hother/cancelable";
import {
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  type INestApplication,
  Logger,
  Module,
  Param,
} from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { FastifyAdapter, type NestFastifyApplication } from "@nestjs/platform-fastify";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { cancelable as expressMiddleware } from "../../src/express/index.ts";
import { cancelable as fastifyPlugin } from "../../src/fastify/index.ts";
import { gracefulShutdown } from "../../src/shutdown/index.ts";

interface End {
  readonly name: string;
  readonly status: number | undefined;
  readonly reason: string | undefined;
}
interface Options {
  readonly onEnd: (end: End) => void;
}

// The applications use real controllers and filters of Nest. The decorators are called as functions, because the tests are
// compiled with the decorators of the standard.
const hosts = {
  "Nest over Express": async (module: object, options: Options): Promise<INestApplication> => {
    const app = await NestFactory.create(module, { logger: false });
    app.use(expressMiddleware(options));
    return app;
  },
  "Nest over Fastify": async (module: object, options: Options): Promise<INestApplication> => {
    const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), {
      logger: false,
    });
    await app.register(fastifyPlugin, options);
    return app;
  },
};

let errors: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  errors = vi.spyOn(Logger.prototype, "error").mockImplementation(() => {});
});
afterEach(() => {
  errors.mockRestore();
});

class CancellationFilter implements ExceptionFilter {
  catch(): void {}
}
Catch(CancellationError)(CancellationFilter);

describe.each(Object.entries(hosts))("%s", (_name, create) => {
  async function start(options: { isTooSlow?: boolean; filter?: boolean } = {}) {
    const started = new Deferred<void>();
    const cleaned = new Deferred<string | undefined>();
    const ends: End[] = [];
    const ended = new Deferred<void>();

    class Reports {
      async read(id: string): Promise<unknown> {
        const operation = currentOperation();
        if (id !== "slow") return { id, operation: operation?.name };
        started.resolve();
        // Only now: a limit that has passed before would keep the controller from running.
        if (options.isTooSlow && operation !== undefined) operation.deadline = getBackend().now();
        try {
          return await sleepForever();
        } finally {
          cleaned.resolve(operation?.error?.reason);
        }
      }
    }
    Get(":id")(
      Reports.prototype,
      "read",
      Object.getOwnPropertyDescriptor(Reports.prototype, "read") as PropertyDescriptor,
    );
    Param("id")(Reports.prototype, "read", 0);
    Controller("reports")(Reports);
    class App {}
    Module({ controllers: [Reports] })(App);

    const app = await create(App, {
      onEnd: ({ name, status, reason }) => {
        ends.push({ name, status, reason });
        ended.resolve();
      },
    });
    if (options.filter !== false) app.useGlobalFilters(new CancellationFilter());
    onTestFinished(() => app.close());
    await app.listen(0, "127.0.0.1");
    return { app, url: await app.getUrl(), started, cleaned, ends, ended };
  }

  test("a client that leaves cancels the operation of its request, with the reason disconnect", async () => {
    const { url, started, cleaned, ends, ended } = await start();
    const client = get(`${url}/reports/slow`).on("error", () => {});
    await started.wait();
    client.destroy();
    expect(await cleaned.wait()).toBe("disconnect");
    await ended.wait();
    expect(ends).toEqual([{ name: "GET /reports/:id", status: 499, reason: "disconnect" }]);
    expect(errors).not.toHaveBeenCalled();
  });

  test("without the filter Nest logs the cancellation as an error", async () => {
    const logged = new Deferred<void>();
    errors.mockImplementation(() => logged.resolve());
    const { url } = await start({ isTooSlow: true, filter: false });
    expect((await fetch(`${url}/reports/slow`)).status).toBe(504);
    await logged.wait();
    expect(errors).toHaveBeenCalledOnce();
  });

  test("the controller runs in the operation, which is named after its route", async () => {
    const { url } = await start();
    const answer = await fetch(`${url}/reports/7`);
    expect(await answer.json()).toEqual({ id: "7", operation: "GET /reports/:id" });
  });

  test("a request that takes too long is answered 504", async () => {
    const { url, cleaned, ends, ended } = await start({ isTooSlow: true });
    const answer = await fetch(`${url}/reports/slow`);
    expect(answer.status).toBe(504);
    expect(await cleaned.wait()).toBe("timeout");
    await ended.wait();
    expect(ends).toEqual([{ name: "GET /reports/:id", status: 504, reason: "timeout" }]);
  });

  test("a shutdown cancels the requests that do not finish", async () => {
    const { app, url, started, cleaned } = await start();
    const answer = fetch(`${url}/reports/slow`);
    await started.wait();
    const report = await gracefulShutdown(app.getHttpServer(), { drain: 50 });
    expect(report).toMatchObject({ finished: 0, cancelled: 1, abandoned: 0 });
    expect((await answer).status).toBe(503);
    expect(await cleaned.wait()).toBe("shutdown");
  });
});
