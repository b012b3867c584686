import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Cancellable, failAfter } from "@hother/cancelable";
import * as undici from "undici";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { cancellationInterceptor, installInterceptor } from "../../src/undici/index.ts";
import { TestServer } from "./server.ts";

let server: TestServer;
let before: undici.Dispatcher;
let installed: Disposable | undefined;
beforeEach(async () => {
  before = undici.getGlobalDispatcher();
  server = await TestServer.start((request, response) => {
    if (request.url === "/moved") response.writeHead(302, { location: "/silent" }).end();
    if (request.url === "/done") response.end("all");
  });
});
afterEach(async () => {
  installed?.[Symbol.dispose]();
  undici.setGlobalDispatcher(before);
  await server[Symbol.asyncDispose]();
});

/** Starts `work` in an operation, and cancels the operation when the server has got `count` requests. */
async function cancelAt(count: number, work: () => Promise<unknown>): Promise<string> {
  const op = new Cancellable();
  const ending = op.settle(work);
  await server.until(({ requests }) => requests.length === count);
  op.cancel();
  return (await ending).status;
}

/** A global dispatcher that keeps what it is given, and answers nothing. */
function recorder() {
  const calls: Array<[options: unknown, handler: unknown]> = [];
  const dispatcher = new undici.Agent();
  dispatcher.dispatch = (...call) => {
    calls.push(call);
    return true;
  };
  undici.setGlobalDispatcher(dispatcher);
  return { calls, dispatcher };
}

describe("outside of every scope", () => {
  test("a request is handed on as it is (HOUT-08)", () => {
    const { calls } = recorder();
    installed = installInterceptor();
    const call = [{ path: "/", method: "GET", origin: server.url }, {}] as const;
    undici.getGlobalDispatcher().dispatch(...call);
    expect(calls[0]?.[0]).toBe(call[0]);
    expect(calls[0]?.[1]).toBe(call[1]);
  });

  test("a request of the built-in fetch has no header and runs to its end (HOUT-08)", async () => {
    installed = installInterceptor();
    expect(await (await fetch(`${server.url}/done`)).text()).toBe("all");
    expect(server.header("x-request-timeout-ms")).toEqual([undefined]);
  });
});

describe("a dispatcher that was set before", () => {
  test("a ProxyAgent stays inside, and its tunnel closes (HOUT-08)", async () => {
    const tunnels: string[] = [];
    const proxy = createServer().on("connect", (request, socket, head) => {
      tunnels.push(request.url as string);
      const { port } = new URL(server.url);
      const target = connect(Number(port), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connected\r\n\r\n");
        target.write(head);
        target.pipe(socket).pipe(target);
      });
      for (const one of [socket, target]) one.on("error", () => {});
      target.on("close", () => socket.destroy());
      socket.on("close", () => target.destroy());
    });
    await once(proxy.listen(0, "127.0.0.1"), "listening");
    const agent = new undici.ProxyAgent({
      uri: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      proxyTunnel: true,
    });
    undici.setGlobalDispatcher(agent);
    installed = installInterceptor();
    const work = () => failAfter(60_000, () => fetch(`${server.url}/silent`));
    expect(await cancelAt(1, work)).toBe("cancelled");
    await server.until(({ closed }) => closed === 1);
    // After an abort undici opens a further tunnel, also without this library.
    expect(tunnels[0]).toBe(new URL(server.url).host);
    expect(Number(server.header("x-request-timeout-ms")[0])).toBeLessThanOrEqual(60_000);
    await agent.close();
    proxy.close();
  });

  test("a MockAgent stays inside, and its late answer is not waited for (HOUT-08)", async () => {
    const agent = new undici.MockAgent();
    agent.disableNetConnect();
    const pool = agent.get(server.url);
    pool.intercept({ path: "/mock" }).reply(200, "mocked").times(2);
    pool.intercept({ path: "/late" }).reply(200, "late").delay(600_000).times(2);
    undici.setGlobalDispatcher(agent);
    installed = installInterceptor();
    await failAfter(60_000, async () => {
      expect(await (await fetch(`${server.url}/mock`)).text()).toBe("mocked");
      expect(await (await undici.request(`${server.url}/mock`)).body.text()).toBe("mocked");
    });
    const loads: Array<(url: string) => Promise<unknown>> = [fetch, undici.request];
    for (const load of loads) {
      const op = new Cancellable();
      const ending = op.settle(() => load(`${server.url}/late`));
      await new Promise(setImmediate); // the mock has the request
      op.cancel();
      expect((await ending).status).toBe("cancelled");
    }
    expect(server.requests).toHaveLength(0);
    await agent.close();
  });

  test("a RetryAgent stays inside: its pause ends at once, and no attempt follows (HOUT-03, HOUT-04)", async () => {
    const agent = new undici.RetryAgent(new undici.Agent(), {
      statusCodes: [404],
      retry: (_error, _context, callback) => {
        again = callback;
        paused();
        return null;
      },
    });
    let again: (error?: Error | null) => void = () => {};
    let paused = () => {};
    const isPaused = new Promise<void>((resolve) => {
      paused = resolve;
    });
    const failing = await TestServer.start((_request, response) => response.writeHead(404).end());
    undici.setGlobalDispatcher(agent);
    installed = installInterceptor();
    const op = new Cancellable();
    const ending = op.settle(() => undici.request(failing.url));
    await isPaused;
    op.cancel();
    expect(await ending).toMatchObject({ status: "cancelled", error: op.error });
    again(null); // the agent tries again now
    await agent.close();
    expect(failing.requests).toHaveLength(1);
    await failing[Symbol.asyncDispose]();
  });

  test("is itself, apart from its dispatch (HOUT-08)", async () => {
    const agent = new undici.MockAgent();
    undici.setGlobalDispatcher(agent);
    installed = installInterceptor();
    const outer = undici.getGlobalDispatcher();
    expect(outer).toBeInstanceOf(undici.MockAgent);
    expect((outer as undici.MockAgent & { isMockActive: boolean }).isMockActive).toBe(true);
    const closed = vi.spyOn(agent, "close");
    await outer.close();
    expect(closed).toHaveBeenCalledOnce();
  });
});

describe("undoing", () => {
  test("puts the dispatchers back, and can be repeated (HOUT-08)", async () => {
    const own = new undici.Agent();
    undici.setGlobalDispatcher(own);
    const first = installInterceptor();
    expect(undici.getGlobalDispatcher()).not.toBe(own);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(undici.getGlobalDispatcher()).toBe(own);
    const op = new Cancellable();
    const response = op.settle(() => fetch(`${server.url}/done`));
    expect((await response).status).toBe("completed");
    expect(server.header("x-request-timeout-ms")).toEqual([undefined]);
    await own.close();
  });

  test("keeps a dispatcher that other code has set since then (HOUT-08)", async () => {
    const first = installInterceptor();
    const other = new undici.Agent();
    undici.setGlobalDispatcher(other);
    first[Symbol.dispose]();
    expect(undici.getGlobalDispatcher()).toBe(other);
    await other.close();
  });

  test("switches the interceptor off where it lies inside another dispatcher (HOUT-08)", async () => {
    const first = installInterceptor();
    const outer = undici
      .getGlobalDispatcher()
      .compose((dispatch) => (options, handler) => dispatch(options, handler));
    undici.setGlobalDispatcher(outer);
    await failAfter(60_000, async () => (await fetch(`${server.url}/done`)).text());
    first[Symbol.dispose]();
    await failAfter(60_000, async () => (await fetch(`${server.url}/done`)).text());
    expect(server.header("x-request-timeout-ms")).toEqual([expect.any(String), undefined]);
  });

  test("two installations work together, and either can be undone first", async () => {
    const first = installInterceptor();
    const second = installInterceptor({ deadlineHeader: "x-second" });
    expect(await cancelAt(1, () => failAfter(60_000, () => fetch(`${server.url}/silent`)))).toBe("cancelled");
    first[Symbol.dispose]();
    expect(await cancelAt(2, () => failAfter(60_000, () => fetch(`${server.url}/silent`)))).toBe("cancelled");
    second[Symbol.dispose]();
    await failAfter(60_000, async () => (await fetch(`${server.url}/done`)).text());
    expect(server.header("x-request-timeout-ms")).toEqual([expect.any(String), undefined, undefined]);
    expect(server.header("x-second")).toEqual([expect.any(String), expect.any(String), undefined]);
  });
});

describe("a request with a dispatcher of its own", () => {
  test("is not reached (HOUT-08)", async () => {
    installed = installInterceptor();
    const dispatcher = new undici.Agent();
    const op = new Cancellable({ timeout: { minutes: 1 } });
    const init = { dispatcher } as RequestInit;
    const outcome = await op.settle(async () => {
      op.cancel();
      return (await fetch(`${server.url}/done`, init)).text();
    });
    expect(outcome).toMatchObject({ status: "completed", value: "all" });
    expect(server.header("x-request-timeout-ms")).toEqual([undefined]);
    await dispatcher.close();
  });

  test("is reached by the interceptor of that dispatcher", async () => {
    const agent = new undici.Agent();
    const dispatcher = agent.compose(cancellationInterceptor());
    expect(await cancelAt(1, () => undici.request(`${server.url}/silent`, { dispatcher }))).toBe("cancelled");
    const init = { dispatcher } as RequestInit;
    expect(await cancelAt(2, () => fetch(`${server.url}/silent`, init))).toBe("cancelled");
    await server.until(({ closed }) => closed === 2);
    await agent.close();
  });
});

test("a redirect that fetch follows ends with the operation, and a cancelled one follows none (HOUT-03)", async () => {
  installed = installInterceptor();
  expect(await cancelAt(2, () => fetch(`${server.url}/moved`))).toBe("cancelled");
  const op = new Cancellable();
  const outcome = await op.settle(async () => {
    const response = await fetch(`${server.url}/moved`, { redirect: "manual" });
    op.cancel();
    await fetch(new URL(response.headers.get("location") as string, server.url));
  });
  expect(outcome.status).toBe("cancelled");
  expect(server.requests.map(({ url }) => url)).toEqual(["/moved", "/silent", "/moved"]);
});

test("a response that leaves its scope is read in the scope above, and ends with that", async () => {
  installed = installInterceptor();
  const streaming = await TestServer.start((_request, response) => response.write("part"));
  const op = new Cancellable();
  const ending = op.settle(async () => {
    const response = await failAfter(60_000, () => fetch(streaming.url)); // the limit is over now
    op.cancel("disconnect");
    return response.text();
  });
  expect((await ending).status).toBe("cancelled");
  await streaming.until(({ closed }) => closed === 1);
  await streaming[Symbol.asyncDispose]();
});

test("wrong options and a wrong dispatch are refused", () => {
  expect(() => installInterceptor({ deadlineHeader: 5 as never })).toThrow(
    "options.deadlineHeader must be an object; got 5",
  );
  expect(() => installInterceptor({ header: "x" } as never)).toThrow(
    /^options\.header is not an option of installInterceptor; the options are deadlineHeader/,
  );
  expect(() => cancellationInterceptor({ deadlineHeader: "a b" })).toThrow(
    'options.deadlineHeader must be the name of a header; got "a b"',
  );
  expect(() => cancellationInterceptor()(undefined as never)).toThrow(
    "dispatch must be a function; got undefined",
  );
});
