import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { currentOperation, setReporter, sleep } from "@hother/cancelable";
import { afterEach, beforeEach, expect, test } from "vitest";
import { requestsOf } from "../../src/http/connections.ts";
import {
  type Answer,
  type ListenerOptions,
  type RequestEnd,
  type RequestHandler,
  requestListener,
} from "../../src/node-http/index.ts";
import { Gate } from "../server-kit/gate.ts";
import { RawConnection, requestText } from "../server-kit/raw-connection.ts";

let server: Server;
let port: number;
let reports: string[];
let wake: () => void = () => {};
const ends: RequestEnd<IncomingMessage>[] = [];
const onEnd = (end: RequestEnd<IncomingMessage>) => {
  ends.push(end);
  wake();
};
beforeEach(() => {
  reports = [];
  setReporter((error, source) =>
    reports.push(`${source}: ${error instanceof Error ? error.message : error}`),
  );
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
  ends.length = 0;
  setReporter(null);
});

async function ended(count: number): Promise<typeof ends> {
  while (ends.length < count)
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  return ends;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

async function serve(listener: Listener): Promise<RawConnection> {
  server = createServer((request, response) => void listener(request, response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  ({ port } = server.address() as AddressInfo);
  return RawConnection.open(port);
}
const listen = (handler: RequestHandler, options?: ListenerOptions): Promise<RawConnection> =>
  serve(requestListener(handler, { onEnd, ...options }));

const forever = () => sleep({ minutes: 10 });

test.each<[title: string, answer: unknown, report: string]>([
  ["a status below 200", { status: 100 }, "status"],
  ["a status above 599", { status: 600 }, "status"],
  ["a status that is text", { status: "504" }, "status"],
  ["a promise", Promise.resolve({ status: 504 }), "status"],
  ["text", "504", "result of options.answer"],
  ["a header with a line break", { status: 500, headers: { a: "b\r\nc: d" } }, "headers.a"],
  ["a header with a wrong name", { status: 500, headers: { "a b": "c" } }, "headers"],
  ["a length of its own", { status: 500, headers: { "Content-Length": "5" } }, "headers"],
  ["a body that is no text", { status: 500, body: { a: 1 } }, "body"],
  ["a body with 204", { status: 204, body: "a" }, "body"],
])(
  "options.answer may not give %s: the client gets the default, and a report tells it",
  async (_, answer, report) => {
    const connection = await listen(forever, { timeout: 20, answer: () => answer as Answer });
    await connection.send(requestText());
    expect(await connection.answer()).toMatchObject({ status: 504, isComplete: true });
    await ended(1);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toContain("options.answer");
    expect(reports[0]).toContain(report);
  },
);

test("callbacks of the options that throw are reported, and the request is served", async () => {
  const throwing = () => {
    throw new Error("broken");
  };
  const connection = await listen((_request, response) => response.end("ok"), {
    metadata: throwing,
    route: throwing,
    callerDeadline: { trust: throwing },
    onEnd: (end) => {
      onEnd(end);
      throwing();
    },
  });
  await connection.send(requestText({ headers: { "x-request-timeout-ms": "1" } }));
  expect(await connection.answer()).toMatchObject({ status: 200, body: "ok" });
  expect((await ended(1))[0]).toMatchObject({ name: "GET (no route)", status: 200 });
  const sources = ["metadata", "route", "callerDeadline.trust", "onEnd"];
  expect(reports.sort()).toEqual(sources.map((name) => `options.${name}: broken`).sort());
});

test("options.answer that throws gives the default answer and a report", async () => {
  const connection = await listen(forever, {
    timeout: 20,
    answer: () => {
      throw new Error("broken");
    },
  });
  await connection.send(requestText());
  expect(await connection.answer()).toMatchObject({ status: 504, isComplete: true });
  await ended(1);
  expect(reports).toEqual(["options.answer: broken"]);
});

test("an HTTP/1.0 answer that is broken off is reset, because its end would look complete (HIN-17)", async () => {
  const connection = await listen(async (_request, response, operation) => {
    await new Promise<void>((resolve) => response.write("part", () => resolve()));
    operation.cancel("shutdown");
  });
  const errors: unknown[] = [];
  connection.socket.on("error", (error) => errors.push(error));
  await connection.send("GET / HTTP/1.0\r\n\r\n");
  await connection.closed();
  // Before Node 24 the reset of a connection looks like its end.
  if (Number(process.versions.node.split(".")[0]) >= 24)
    expect(errors).toMatchObject([{ code: "ECONNRESET" }]);
  expect((await ended(1))[0]).toMatchObject({ sent: "cut", reason: "shutdown", status: 200 });
});

test("every method of a response may be called after the answer in its place (HIN-16)", async () => {
  const called = new Gate();
  const connection = await listen(async (_request, response, operation) => {
    await new Promise((resolve) => {
      operation.signal.addEventListener("abort", resolve);
      operation.limit(1); // only now: a limit that has passed before would keep the handler from running
    });
    response.statusCode = 201;
    response.setHeader("a", "b").appendHeader("a", "c");
    response.removeHeader("a");
    response.writeHead(201, { a: "b" });
    response.flushHeaders();
    response.writeEarlyHints({ link: "</a>; rel=preload" });
    response.addTrailers({ a: "b" });
    await new Promise<void>((resolve) => response.write("late", () => resolve()));
    await pipeline(Readable.from(["late"]), response).catch(() => {});
    Readable.from(["late"]).pipe(response);
    await new Promise<void>((resolve) => response.end("late", resolve));
    called.open();
  });
  await connection.send(requestText());
  expect(await connection.answer()).toMatchObject({ status: 504, isComplete: true });
  await called.opened;
  expect((await ended(1))[0]).toMatchObject({ status: 504, sent: "whole", reason: "timeout" });
  expect(reports).toEqual([]);
});

test("an error of the clean-up is reported, and does not disturb the answer (HIN-16)", async () => {
  const connection = await listen(async (_request, _response, operation) => {
    operation.limit(1); // a limit from before could keep the handler from running
    try {
      await forever();
    } finally {
      throw new Error("the clean-up failed");
    }
  });
  await connection.send(requestText());
  expect(await connection.answer()).toMatchObject({ status: 504, isComplete: true });
  const [end] = await ended(1);
  expect([end?.operation.status, end?.reason, end?.status]).toEqual(["failed", "timeout", 504]);
  expect(reports).toEqual(["the handler of GET (no route): the clean-up failed"]);
});

test("a handler that fails gets 500 before the head, and its answer is broken off after it", async () => {
  const connection = await listen((request, response) => {
    if (request.url === "/late") response.write("part");
    throw new Error("broken");
  });
  await connection.send(requestText());
  const answer = await connection.answer();
  expect(answer).toMatchObject({ status: 500, isComplete: true });
  expect(answer?.body).not.toContain("broken");
  await connection.send(requestText({ path: "/late" }));
  await connection.closed();
  const [first, second] = await ended(2);
  expect(first).toMatchObject({ status: 500, sent: "whole", reason: undefined });
  expect(second).toMatchObject({ status: 200, sent: "cut", reason: undefined });
  expect([first, second].map((end) => end?.operation.status)).toEqual(["failed", "failed"]);
});

test("an answer in the place of the handler's keeps the headers that do not describe a body", async () => {
  const connection = await listen(async (_request, response, operation) => {
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("content-encoding", "gzip");
    response.setHeader("content-length", "7");
    response.setHeader("etag", '"1"');
    operation.limit(1); // a limit from before could keep the handler from running
    await forever();
  });
  await connection.send(requestText());
  const answer = await connection.answer();
  expect(answer?.headers["access-control-allow-origin"]).toBe("*");
  expect(answer?.headers).not.toHaveProperty("content-encoding");
  expect(answer?.headers).not.toHaveProperty("etag");
  expect(JSON.parse(answer?.body ?? "")).toMatchObject({ status: 504 });
});

test("a listener inside another one shares its operation (HIN-20)", async () => {
  const seen: unknown[] = [];
  const inner = requestListener(async (_request, response, operation) => {
    await sleep(1);
    seen.push(operation, currentOperation());
    response.end("ok");
  });
  const connection = await listen((request, response, operation) => {
    seen.push(operation);
    return inner(request, response);
  });
  await connection.send(requestText());
  expect(await connection.answer()).toMatchObject({ body: "ok" });
  const [end] = await ended(1);
  expect(seen).toEqual([end?.operation, end?.operation, end?.operation]);
});

test("a second listener of the server runs in the operation of the first, which waits for both (HIN-20)", async () => {
  const gate = new Gate();
  const seen: unknown[] = [];
  const connection = await listen((_request, response) => {
    response.end("ok");
  });
  server.on(
    "request",
    requestListener(async (_request, _response, operation) => {
      await gate.opened;
      seen.push(operation, currentOperation());
      throw new Error("broken");
    }),
  );
  await connection.send(requestText());
  expect(await connection.answer()).toMatchObject({ body: "ok" });
  expect(ends).toEqual([]);
  expect(requestsOf(server)).toHaveLength(1);
  gate.open();
  const [end] = await ended(1);
  expect(seen).toEqual([end?.operation, end?.operation]);
  expect([end?.operation.status, end?.status]).toEqual(["failed", 200]);
  expect(reports).toEqual(["the handler of GET (no route): broken"]);
  expect(requestsOf(server)).toEqual([]);
});

test("a client that left before the listener got its request: the handler is not called", async () => {
  const gate = new Gate();
  const arrived = new Gate();
  const closed = new Gate();
  let calls = 0;
  const listener = requestListener(() => calls++, { onEnd });
  const connection = await serve(async (request, response) => {
    response.on("close", closed.open);
    arrived.open();
    await gate.opened;
    listener(request, response);
  });
  await connection.send(requestText());
  await arrived.opened;
  connection.leave();
  await closed.opened;
  gate.open();
  expect((await ended(1))[0]).toMatchObject({ status: 499, sent: "nothing", reason: "disconnect" });
  expect(calls).toBe(0);
  expect(requestsOf(server)).toEqual([]);
});

test("a response that other code has ended is whole, and the handler runs to its end", async () => {
  const finished = new Gate();
  const listener = requestListener(
    async () => {
      await sleep(1);
      finished.open();
    },
    { onEnd },
  );
  const connection = await serve(async (request, response) => {
    response.end("before");
    await once(response, "close");
    listener(request, response);
  });
  await connection.send(requestText());
  expect(await connection.answer()).toMatchObject({ body: "before" });
  await finished.opened;
  const [end] = await ended(1);
  expect(end).toMatchObject({ status: 200, sent: "whole", reason: undefined });
  expect(end?.operation.status).toBe("completed");
});

test("the clean-up of a client that left stays on the list of the server until it has ended", async () => {
  const gate = new Gate();
  const cleaning = new Gate();
  const connection = await listen(async () => {
    try {
      await forever();
    } finally {
      cleaning.open();
      await gate.opened;
    }
  });
  await connection.send(requestText());
  while (requestsOf(server).length === 0) await once(server, "request");
  connection.leave();
  await cleaning.opened;
  expect(requestsOf(server)).toHaveLength(1);
  gate.open();
  await ended(1);
  expect(requestsOf(server)).toEqual([]);
});

test("an answer that the server breaks off takes the waiting requests of the connection with it, and says so", async () => {
  const both = new Gate();
  const connection = await listen(async (request, response, operation) => {
    if (request.url === "/second") both.open();
    else {
      response.write("part");
      await both.opened;
      operation.cancel("timeout");
    }
    await forever();
  });
  await connection.send(requestText({ path: "/first" }) + requestText({ path: "/second" }));
  await ended(2);
  const second = ends.find(({ reason }) => reason === "disconnect");
  expect(second).toMatchObject({ sent: "nothing" });
  expect(second?.operation.error?.message).toBe("the server broke the connection off for another request");
});

test("a listener for checkContinue runs the request as an operation, and decides about 100 (HIN-08)", async () => {
  const called = new Gate();
  const connection = await listen(() => {});
  server.on(
    "checkContinue",
    requestListener(
      async (request, response) => {
        if (request.url === "/refused") {
          response.writeHead(417).end();
          return;
        }
        response.writeContinue();
        called.open();
        for await (const _ of request);
        response.end("read");
      },
      { onEnd },
    ),
  );
  const headers = { expect: "100-continue", "content-length": "5" };
  await connection.send(requestText({ method: "POST", path: "/refused", headers }));
  expect(await connection.answer()).toMatchObject({ status: 417 });
  connection.leave();
  const next = await RawConnection.open(port);
  await next.send(requestText({ method: "POST", headers }));
  expect(await next.answer()).toMatchObject({ status: 100 });
  await called.opened;
  next.leave();
  const [refused, left] = await ended(2);
  expect(refused).toMatchObject({ status: 417, sent: "whole", reason: undefined });
  expect(left).toMatchObject({ status: 499, sent: "nothing", reason: "disconnect" });
});

test("setting the clock changes no time limit (DL-09)", async () => {
  const { now } = Date;
  const connection = await listen(
    async (_request, response, operation) => {
      Date.now = () => now() + 86_400_000;
      await sleep(1);
      operation.check();
      response.end("in time");
    },
    { callerDeadline: { trust: true } },
  );
  try {
    await connection.send(requestText({ headers: { "x-request-timeout-ms": "3600000" } }));
    expect(await connection.answer()).toMatchObject({ status: 200, body: "in time" });
  } finally {
    Date.now = now;
  }
});

test.each<[ListenerOptions, string]>([
  [{ timeout: "soon" as never }, "options.timeout"],
  [{ route: "/a" as never }, "options.route"],
  [{ register: {} as never }, "options.register"],
  [{ callerDeadline: {} as never }, "options.callerDeadline.trust"],
  [{ callerDeadline: { trust: ["nowhere"] } }, "options.callerDeadline.trust[0]"],
  [{ callerDeadline: { trust: true, header: "a b" } }, "options.callerDeadline.header"],
  [{ nonsense: 1 } as never, "nonsense"],
])("a wrong option %j is refused at once", (options, name) => {
  expect(() => requestListener(() => {}, options)).toThrow(name);
  server = createServer();
});
