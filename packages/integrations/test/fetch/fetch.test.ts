import { fileURLToPath } from "node:url";
import { Cancellable, CancelScope, failAfter, isCancellation, moveOnAfter, retry } from "@hother/cancelable";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { fetch } from "../../src/fetch/index.ts";
import { rejection, serve, stall, until } from "./server.ts";

describe("as the global fetch", () => {
  test("the response has its status, headers, URL and body", async () => {
    await using server = await serve((request, response) => {
      if (request.url === "/") response.writeHead(302, { location: "/other" }).end();
      else response.writeHead(201, "Made", { "x-a": "1", "set-cookie": ["a=1", "b=2"] }).end("hello");
    });
    const theirs = await globalThis.fetch(server.url);
    const response = await fetch(server.url);
    expect(response).toBeInstanceOf(Response);
    const { status, statusText, ok, url, redirected, type, headers } = response;
    expect({ status, statusText, ok, url, redirected, type }).toEqual({
      status: 201,
      statusText: theirs.statusText,
      ok: true,
      url: `${server.url}other`,
      redirected: true,
      type: theirs.type,
    });
    expect(headers.get("x-a")).toBe("1");
    expect(headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    const copy = response.clone();
    expect([copy.url, copy.redirected]).toEqual([`${server.url}other`, true]);
    expect([await response.text(), await copy.text()]).toEqual(["hello", "hello"]);
  });

  test("method, headers and body are sent, also those of a Request", async () => {
    await using server = await serve(async (request, response) => {
      let text = `${request.method} ${request.headers["x-a"]} `;
      for await (const chunk of request) text += chunk;
      response.end(text);
    });
    const init = { method: "POST", headers: { "x-a": "1" }, body: "text" };
    expect(await (await fetch(server.url, init)).text()).toBe("POST 1 text");
    expect(await (await fetch(new Request(server.url, init))).text()).toBe("POST 1 text");
    await failAfter({ seconds: 10 }, async () => {
      const response = await fetch(new Request(server.url, init), { method: "PUT" });
      expect(await response.text()).toBe("PUT 1 text");
    });
  });

  test.each([204, 205, 304])("an answer without a body, %i, is passed on", async (status) => {
    await using server = await serve((_request, response) => response.writeHead(status).end());
    const response = await fetch(server.url);
    expect([response.status, response.body, await response.text()]).toEqual([status, null, ""]);
  });

  test("a body is read as bytes, also into a buffer of the reader", async () => {
    await using server = await serve((_request, response) => response.end("hello"));
    const body = (await fetch(server.url)).body as ReadableStream<Uint8Array>;
    const reader = body.getReader({ mode: "byob" });
    const first = await reader.read(new Uint8Array(2));
    expect(new TextDecoder().decode(first.value)).toBe("he");
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(2));
      if (done) break;
      rest += new TextDecoder().decode(value);
    }
    expect(rest).toBe("llo");
  });

  test("the error of a failed connection is that of the host", async () => {
    const server = await serve(() => {});
    await server[Symbol.asyncDispose]();
    const [ours, theirs] = [
      await rejection(fetch(server.url)),
      await rejection(globalThis.fetch(server.url)),
    ];
    expect(ours).toBeInstanceOf(TypeError);
    expect((ours as Error).message).toBe((theirs as Error).message);
  });

  test("a client that takes a fetch function takes this one", async () => {
    await using server = await serve((_request, response) => response.end("yes"));
    const client: { readonly fetch: typeof globalThis.fetch } = { fetch };
    expect(await (await client.fetch(new URL(server.url))).text()).toBe("yes");
  });

  test("nothing is imported that only Node has", async () => {
    const folder = new URL("../../src/fetch/index.ts", import.meta.url);
    const { metafile } = await build({
      entryPoints: [fileURLToPath(folder)],
      bundle: true,
      write: false,
      metafile: true,
      platform: "browser",
      external: ["@hother/*"],
    });
    const imports = Object.values(metafile.inputs).flatMap((input) => input.imports.map(({ path }) => path));
    const external = new Set(imports.filter((path) => !path.startsWith("packages/")));
    expect([...external].sort()).toEqual(["@hother/cancelable", "@hother/cancelable/extending"]);
  });

  test("wrong options are refused by name, before anything is sent", async () => {
    const wrong = <T>(value: unknown): T => value as T;
    const refused = async (init: object): Promise<unknown> =>
      rejection(fetch("http://127.0.0.1:1/", wrong(init)));
    expect(await refused({ timeout: "5" })).toMatchObject({
      message: expect.stringMatching(/^init\.timeout must be/),
    });
    expect(await refused({ fetch: 1 })).toMatchObject({
      message: expect.stringMatching(/^init\.fetch must be a function/),
    });
    expect(await refused({ onUpload: () => {} })).toBeInstanceOf(RangeError);
    expect(await refused({ firstbyteTimeout: 5 })).toMatchObject({
      message: "init.firstbyteTimeout is not an option of fetch; did you mean firstByteTimeout?",
    });
    expect(await refused({ signal: 5 })).toMatchObject({
      message: "init.signal must be an AbortSignal or null; got 5",
    });
    expect(await refused({ scope: {} })).toMatchObject({
      message: expect.stringMatching(/^init\.scope must be/),
    });
    expect(await rejection(fetch("http://127.0.0.1:1/", wrong(5)))).toMatchObject({
      message: "init must be an object; got 5",
    });
  });
});

describe("a cancellation", () => {
  test("closes the socket while the headers are awaited, and rejects with the very error (HOUT-01, HOUT-02)", async () => {
    await using server = await serve(() => {});
    const operation = new Cancellable();
    const running = operation.run(() => fetch(server.url));
    await server.arrived();
    operation.cancel("quota", "enough");
    const error = await rejection(running);
    expect(error).toBe(operation.error);
    await server.allClosed();
  });

  test("closes the socket while the body is read, and the read rejects with the very error (HOUT-01, HOUT-02)", async () => {
    await using server = await serve(stall);
    const operation = new Cancellable();
    let read: Promise<unknown> | undefined;
    const running = operation.run(async () => {
      const response = await fetch(server.url);
      read = rejection(response.text());
      return read;
    });
    await until(() => read !== undefined);
    operation.cancel();
    expect(await read).toBe(operation.error);
    await running;
    await server.allClosed();
  });

  test("closes the socket of a body that no code reads, and the next read rejects with the very error", async () => {
    await using server = await serve(stall);
    const operation = new Cancellable();
    await operation.settle(async () => {
      const response = await fetch(server.url);
      operation.cancel();
      await server.allClosed();
      expect(await rejection(response.text())).toBe(operation.error);
    });
  });

  test("of the scope of the call reaches the body after that scope has ended well (rule 33)", async () => {
    await using server = await serve(stall);
    const operation = new Cancellable();
    await operation.settle(async () => {
      const response = await failAfter(60_000, () => fetch(server.url));
      const read = rejection(response.text());
      operation.cancel();
      expect(await read).toBe(operation.error);
    });
    await server.allClosed();
  });

  test("from before the call sends nothing, nor do retries, redirects and a signal that is aborted (HOUT-03)", async () => {
    await using server = await serve((_request, response) =>
      response.writeHead(302, { location: "/" }).end(),
    );
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      expect(await rejection(fetch(server.url))).toBe(scope.error);
      expect(await rejection(retry(() => fetch(server.url)))).toBe(scope.error);
    });
    const aborted = AbortSignal.abort("gone");
    expect(await rejection(fetch(server.url, { signal: aborted }))).toBe("gone");
    expect(await rejection(fetch(new Request(server.url, { signal: aborted })))).toBe("gone");
    expect(server.requests).toHaveLength(0);
  });

  test("between two attempts lets no further request out (HOUT-03)", async () => {
    const operation = new Cancellable();
    await using server = await serve((request) => {
      operation.cancel();
      request.socket.destroy();
    });
    const outcome = await operation.settle(() =>
      retry(() => fetch(server.url), { attempts: 5, backoff: { initial: 1 } }),
    );
    expect(outcome.status).toBe("cancelled");
    expect(server.requests).toHaveLength(1);
  });

  test("between two redirects lets no further request out (HOUT-03)", async () => {
    const operation = new Cancellable();
    await using server = await serve((_request, response) => {
      operation.cancel();
      setTimeout(() => response.writeHead(302, { location: "/" }).end(), 50);
    });
    expect((await operation.settle(() => fetch(server.url))).status).toBe("cancelled");
    await server.allClosed();
    expect(server.requests).toHaveLength(1);
  });

  test("is that of the option scope, where there is no ambient one", async () => {
    await using server = await serve(stall);
    const operation = new Cancellable();
    let response: Response | undefined;
    const running = operation.run(() => operation.sleep(60_000));
    const ended = rejection(running);
    response = await fetch(server.url, { scope: operation });
    operation.cancel();
    expect(await rejection(response.text())).toBe(operation.error);
    await ended;
    expect(await rejection(fetch(server.url, { scope: operation }))).toMatchObject({
      code: "ERR_PARENT_ENDED",
    });
  });

  test("comes too late for a fetch that throws at once, or whose body is no web stream: the error is theirs", async () => {
    const failure = new Error("no network");
    const throwing = (): never => {
      throw failure;
    };
    expect(await rejection(fetch("http://127.0.0.1/", { fetch: throwing }))).toBe(failure);
    const foreign = { status: 200, statusText: "", headers: new Headers(), body: {} } as unknown as Response;
    expect(await rejection(fetch("http://127.0.0.1/", { fetch: async () => foreign }))).toMatchObject({
      message: "the body of the response of init.fetch must be a web ReadableStream; got {}",
    });
  });

  test("ends a fetch that ignores its signal, whose late response is released", async () => {
    let cancelled = false;
    const late = new ReadableStream({ cancel: () => void (cancelled = true) });
    let answer!: (response: Response) => void;
    const deaf = (): Promise<Response> =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const scope = new CancelScope();
    await scope.run(async () => {
      const error = rejection(fetch("http://127.0.0.1/", { fetch: deaf }));
      scope.cancel();
      expect(await error).toBe(scope.error);
    });
    answer(new Response(late));
    await until(() => cancelled);
  });
});

describe("two signals", () => {
  test("the first one's reason wins, whichever it is (HOUT-06)", async () => {
    await using server = await serve(stall);
    for (const first of ["scope", "own"] as const) {
      const [operation, controller, reason] = [new Cancellable(), new AbortController(), new Error("mine")];
      const outcome = await operation.settle(async () => {
        const response = await fetch(server.url, { signal: controller.signal });
        const read = rejection(response.text());
        if (first === "scope") operation.cancel();
        controller.abort(reason);
        if (first === "own") operation.cancel();
        return read;
      });
      expect(outcome).toMatchObject({
        value: first === "scope" ? operation.error : reason,
      });
    }
    await server.allClosed();
  });

  test("null means no signal, also for a Request that has one", async () => {
    await using server = await serve((_request, response) => response.end("yes"));
    const request = new Request(server.url, { signal: AbortSignal.abort() });
    expect(await (await fetch(request, { signal: null })).text()).toBe("yes");
  });
});

describe("a response", () => {
  test("whose body was not read is released at the end of the operation, with its connection (HOUT-07)", async () => {
    await using server = await serve(stall);
    const responses: Response[] = [];
    await new Cancellable({ name: "look" }).run(async () => {
      for (let n = 0; n < 100; n++) responses.push(await fetch(server.url));
      expect(server.sockets.size).toBe(100);
    });
    await server.allClosed();
    const error = await rejection((responses[99] as Response).text());
    expect(error).toMatchObject({ code: "ERR_CLOSED" });
    expect((error as Error).message).toMatch(/operation "look" has ended; read the body before its end/);
  });

  test("may have empty pieces", async () => {
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        for (const text of ["", "a", "", "b"]) controller.enqueue(new TextEncoder().encode(text));
        controller.close();
      },
    });
    const response = await fetch("http://127.0.0.1/", { fetch: async () => new Response(body) });
    expect(await response.text()).toBe("ab");
  });

  test("is released when its reader leaves", async () => {
    await using server = await serve(stall);
    const { body } = await fetch(server.url);
    for await (const piece of body as ReadableStream<Uint8Array>) {
      expect(new TextDecoder().decode(piece)).toBe("first");
      break;
    }
    await server.allClosed();
  });

  test("of an operation that ends while a task reads is read to the end", async () => {
    await using server = await serve((_request, response) => {
      response.write("a");
      setTimeout(() => response.end("b"), 20);
    });
    const { text } = await new Cancellable().run(async () => {
      const response = await fetch(server.url);
      return { text: await moveOnAfter(60_000, () => response.text()) };
    });
    expect(text).toBe("ab");
    expect(isCancellation(text)).toBe(false);
  });
});
