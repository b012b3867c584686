import { getEventListeners } from "node:events";
import { Cancellable, currentSignal, failAfter } from "@hother/cancelable";
import { expectNoLeaks } from "@hother/cancelable/testing";
import ky, { type KyInstance } from "ky";
import { describe, expect, test } from "vitest";
import { cancellableKy } from "../../src/ky/index.ts";
import { type ClientUnderTest, clientCases } from "../http/client-cases.ts";
import { leavesRetryWait } from "../http/retry-wait.ts";
import { ScriptedServer } from "../http/scripted-server.ts";

const http = cancellableKy(ky);
const getOf =
  (instance: KyInstance): ClientUnderTest["get"] =>
  (url, options) =>
    instance.get(url, options).text();

clientCases("ky", {
  get: getOf(http),
  withHeader: (deadlineHeader) => getOf(cancellableKy(ky, { deadlineHeader })),
  ownSignal: "reason",
  stream: async (url) => (await http(url)).body as unknown as AsyncIterable<unknown>, // not in the types of the DOM
});

describe("a ky instance", () => {
  test("ends the wait between two attempts at once, and sends no further one (HOUT-03) (HOUT-04)", async () => {
    await using server = await ScriptedServer.start((response) => response.writeHead(429).end());
    await leavesRetryWait((waits) => {
      const delay = (): number => {
        waits();
        return 30_000;
      };
      return http.extend({ retry: { delay } })(server.url).text();
    });
    expect(server.requests).toHaveLength(1);
  });

  test("sends a smaller deadline with each attempt (DL-07)", async () => {
    await using server = await ScriptedServer.start((response, _, before) => {
      if (before === 0) response.writeHead(503).end();
      else response.end("ok");
    });
    const retrying = http.extend({ retry: { delay: () => 20 } });
    expect(await failAfter({ seconds: 30 }, () => retrying(server.url).text())).toBe("ok");
    const [first, second] = server.requests.map(({ headers }) => Number(headers["x-request-timeout-ms"]));
    expect(second).toBeLessThan(first as number);
  });

  test("keeps the methods, the shortcuts, the failures and a `fetch` of the caller", async () => {
    await using server = await ScriptedServer.start((response, { url, method }) => {
      if (url === "/broken") response.writeHead(400).end("broken");
      else response.end(JSON.stringify({ method }));
    });
    const urls: string[] = [];
    const own: typeof fetch = (input, init) => {
      urls.push((input as Request).url);
      return fetch(input, init);
    };
    await new Cancellable().run(async () => {
      for (const method of ["get", "post", "put", "patch", "delete"] as const)
        expect(await http[method](server.url).json()).toEqual({ method: method.toUpperCase() });
      expect((await http.head(server.url)).url).toBe(server.url);
      await expect(http(`${server.url}broken`)).rejects.toMatchObject({ name: "HTTPError" });
      await http(server.url, { fetch: own });
      await http.extend({ fetch: own })(server.url);
      await http.extend(() => ({ fetch: own }))(server.url);
      await http.create({ prefixUrl: server.url, fetch: own })("there");
      expect(http.stop).toBe(ky.stop);
    });
    expect(urls).toEqual([server.url, server.url, server.url, `${server.url}there`]);
  });

  test("follows the signal of a Request, and one of its defaults", async () => {
    await using server = await ScriptedServer.start(() => {});
    for (const withSignal of [
      (signal: AbortSignal) => http(new Request(server.url, { signal })),
      (signal: AbortSignal) => http.extend({ signal })(server.url),
    ]) {
      const controller = new AbortController();
      const before = server.requests.length;
      const error = withSignal(controller.signal).then(undefined, (reason: unknown) => reason);
      await server.received(before + 1);
      controller.abort("left");
      expect(await error).toBe("left");
    }
    await server.disconnected();
  });

  test("releases a body that is not read at the end of the operation (HOUT-07)", async () => {
    await using server = await ScriptedServer.start((response) => {
      response.write("the first part");
    });
    await new Cancellable().run(async () => {
      await http(server.url);
      expect(currentSignal().aborted).toBe(false);
    });
    await server.disconnected();
  });

  test("leaves no listener on the signal of a request that ky refuses at once", async () => {
    const { signal } = new AbortController();
    const prefixed = cancellableKy(ky.create({ prefixUrl: "http://127.0.0.1/" }));
    await new Cancellable().run(() => {
      expect(() => prefixed("/a", { signal })).toThrow("must not begin with a slash");
      expect(getEventListeners(signal, "abort")).toEqual([]);
    });
  });

  test("is refused if it is none, or is cancellable already, and so is an unknown option", () => {
    const wrong = (value: unknown): never => value as never;
    expect(() => cancellableKy(wrong({}))).toThrow("ky must be a ky instance; got {}");
    expect(() => cancellableKy(wrong(undefined))).toThrow(TypeError);
    expect(() => cancellableKy(http)).toThrow("that cancellableKy has not returned");
    expect(() => cancellableKy(ky, wrong({ header: "x" }))).toThrow("options.header is not an option");
  });
});
