import { Cancellable, cancellationOf } from "@hother/cancelable";
import * as undici from "undici";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { installInterceptor } from "../../src/undici/index.ts";
import { TestServer } from "./server.ts";

let server: TestServer;
let installed: Disposable;

beforeEach(async () => {
  // `/body` sends the headers and the start of a body, `/done` all of it, everything else nothing.
  server = await TestServer.start((request, response) => {
    if (request.url === "/body") response.write("part");
    if (request.url?.startsWith("/done")) response.end("all");
  });
  installed = installInterceptor();
});
afterEach(async () => {
  installed[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

interface Client {
  readonly name: string;
  /** Resolves when the headers are there. The result reads the body. */
  readonly open: (url: string) => Promise<() => Promise<string>>;
  /** The reason in an error of the client. */
  readonly reasonOf: (error: unknown) => unknown;
}

const clients: readonly Client[] = [
  {
    name: "the built-in fetch",
    open: async (url) => {
      const response = await fetch(url);
      return () => response.text();
    },
    reasonOf: cancellationOf,
  },
  {
    name: "undici.fetch",
    open: async (url) => {
      const response = await undici.fetch(url);
      return () => response.text();
    },
    reasonOf: cancellationOf,
  },
  {
    name: "undici.request",
    open: async (url) => {
      const { body } = await undici.request(url);
      return () => body.text();
    },
    reasonOf: (error) => error,
  },
];

describe.each(clients)("$name", ({ open, reasonOf }) => {
  test("ends while it waits for headers: the socket closes, and the error has the reason (HOUT-01, HOUT-02)", async () => {
    const op = new Cancellable({ name: "load" });
    let thrown: unknown;
    const ending = op.settle(async () => {
      await open(`${server.url}/silent`).catch((error: unknown) => {
        thrown = error;
        throw error;
      });
    });
    await server.until(({ requests }) => requests.length === 1);
    op.cancel("disconnect", "the page was closed");
    const outcome = await ending;
    expect(outcome.status).toBe("cancelled");
    expect(reasonOf(thrown)).toBe(op.error);
    await server.until(({ closed }) => closed === 1);
  });

  test("ends while it reads the body: the socket closes, and the error has the reason (HOUT-01, HOUT-02)", async () => {
    const op = new Cancellable({ name: "load" });
    let thrown: unknown;
    let opened!: () => void;
    const isOpen = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const ending = op.settle(async () => {
      const read = await open(`${server.url}/body`);
      opened();
      await read().catch((error: unknown) => {
        thrown = error;
        throw error;
      });
    });
    await isOpen;
    op.cancel("disconnect");
    expect((await ending).status).toBe("cancelled");
    expect(reasonOf(thrown)).toBe(op.error);
    await server.until(({ closed }) => closed === 1);
  });

  test("sends nothing in a cancelled operation (HOUT-03)", async () => {
    const op = new Cancellable();
    let thrown: unknown;
    const ending = op.settle(async () => {
      op.cancel();
      await open(`${server.url}/silent`).catch((error: unknown) => {
        thrown = error;
        throw error;
      });
    });
    expect((await ending).status).toBe("cancelled");
    expect(reasonOf(thrown)).toBe(op.error);
    expect(await (await open(`${server.url}/done`))()).toBe("all");
    expect(server.requests).toHaveLength(1);
  });
});
