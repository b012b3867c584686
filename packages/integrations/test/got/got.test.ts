import { getEventListeners } from "node:events";
import { Cancellable, failAfter } from "@hother/cancelable";
import { expectNoLeaks } from "@hother/cancelable/testing";
import got, { type Got } from "got";
import { describe, expect, test } from "vitest";
import { cancellableGot } from "../../src/got/index.ts";
import { type ClientUnderTest, clientCases } from "../http/client-cases.ts";
import { leavesRetryWait } from "../http/retry-wait.ts";
import { ScriptedServer } from "../http/scripted-server.ts";

const http = cancellableGot(got.extend({ retry: { limit: 0 } }));
const getOf =
  (instance: Got): ClientUnderTest["get"] =>
  (url, options) =>
    instance(url, options).text();

clientCases("got", {
  get: getOf(http),
  withHeader: (deadlineHeader) => getOf(cancellableGot(got, { deadlineHeader })),
  ownSignal: "cause",
  stream: (url) => http.stream(url),
  streamWraps: true,
});

describe("a got instance", () => {
  test("ends the wait between two attempts at once, and sends no further one (HOUT-03) (HOUT-04)", async () => {
    await using server = await ScriptedServer.start((response) =>
      response.writeHead(429, { "retry-after": "30" }).end(),
    );
    await leavesRetryWait((waits) => {
      const calculateDelay = ({ computedValue }: { readonly computedValue: number }): number => {
        waits();
        return computedValue;
      };
      const retrying = cancellableGot(got.extend({ retry: { calculateDelay } }));
      return retrying(server.url).text();
    });
    expect(server.requests).toHaveLength(1);
  });

  test("sends a smaller deadline with each attempt and each redirect (DL-07)", async () => {
    await using server = await ScriptedServer.start((response, _, before) => {
      if (before === 0) response.writeHead(503, { "retry-after": "0" }).end();
      else if (before === 1) setTimeout(() => response.writeHead(302, { location: "/there" }).end(), 5);
      else response.end("ok");
    });
    const retrying = cancellableGot(
      got.extend({ retry: { calculateDelay: ({ attemptCount }) => 20 * Number(attemptCount < 3) } }),
    );
    expect(await failAfter({ seconds: 30 }, () => retrying(server.url).text())).toBe("ok");
    const values = server.requests.map(({ headers }) => Number(headers["x-request-timeout-ms"]));
    expect(values).toHaveLength(3);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(new Set(values).size).toBe(3);
  });

  test("sends no further page once the operation is cancelled (HOUT-03)", async () => {
    await using server = await ScriptedServer.start((response) => response.end("[1]"));
    const op = new Cancellable();
    const pages: unknown[] = [];
    const outcome = await op.settle(async () => {
      for await (const item of http.paginate<number>(server.url, {
        pagination: { paginate: () => ({ url: new URL(server.url) }) },
      })) {
        pages.push(item);
        if (pages.length === 2) op.cancel();
      }
    });
    expect(outcome.status).toBe("cancelled");
    expect([pages, server.requests.length]).toEqual([[1, 1], 2]);
  });

  test("keeps the shortcuts, the failures and its own errors", async () => {
    await using server = await ScriptedServer.start((response, { url }) =>
      url === "/broken" ? response.writeHead(500).end("broken") : response.end('{"a":1}'),
    );
    await new Cancellable().run(async () => {
      expect(await http(server.url).json()).toEqual({ a: 1 });
      expect((await http(server.url)).body).toBe('{"a":1}');
      await expect(http(`${server.url}broken`)).rejects.toMatchObject({ code: "ERR_NON_2XX_3XX_RESPONSE" });
      await expect(http("no url").text()).rejects.toMatchObject({ name: "RequestError" });
      const cancelled = http(server.url);
      cancelled.cancel();
      await expect(cancelled).rejects.toMatchObject({ name: "CancelError" });
    });
  });

  test("leaves no listener on the signal of a request that a further handler refuses at once", async () => {
    const refuse = (): never => {
      throw new Error("no more requests");
    };
    const listenersAfter = (instance: Got): number => {
      const { signal } = new AbortController();
      const refusing = instance.extend({ handlers: [refuse] });
      expect(() => refusing("http://127.0.0.1/", { signal })).toThrow("no more requests");
      return getEventListeners(signal, "abort").length;
    };
    const left = await new Cancellable().run(() => listenersAfter(http));
    expect(left).toBe(listenersAfter(got)); // the listener of got
  });

  test("is refused if it is none, or is cancellable already, and so is an unknown option", () => {
    const wrong = (value: unknown): never => value as never;
    expect(() => cancellableGot(wrong({}))).toThrow("got must be a got instance; got {}");
    expect(() => cancellableGot(wrong(undefined))).toThrow(TypeError);
    expect(() => cancellableGot(http)).toThrow("that cancellableGot has not returned");
    expect(() => cancellableGot(got, wrong({ header: "x" }))).toThrow("options.header is not an option");
  });
});
