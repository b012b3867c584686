import { once } from "node:events";
import { type AddressInfo, connect as connectTo } from "node:net";
import {
  type Cancellable,
  cancellationOf,
  currentOperation,
  isCancellation,
  OperationRegistry,
  setReporter,
  sleep,
  sleepForever,
} from "@hother/cancelable";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import {
  handleSockets,
  type SocketConnections,
  type SocketHandlers,
  type WsOptions,
} from "../../src/ws/index.ts";

interface Served {
  readonly connections: SocketConnections;
  readonly server: WebSocketServer;
  connect(path?: string): Promise<WebSocket>;
}

async function serve(handlers: SocketHandlers, options?: WsOptions): Promise<Served> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const connections = handleSockets(server, handlers, options);
  onTestFinished(async () => {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    connections,
    server,
    async connect(path = "/") {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
      socket.on("error", () => {});
      await once(socket, "open");
      return socket;
    },
  };
}

/** A promise with its resolver. */
function gate<T = void>(): { readonly passed: Promise<T>; readonly pass: (value: T) => void } {
  let pass!: (value: T) => void;
  const passed = new Promise<T>((resolve) => {
    pass = resolve;
  });
  return { passed, pass };
}

const closeOf = async (socket: WebSocket): Promise<[code: number, reason: string]> => {
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  return [code, reason.toString()];
};

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await sleep(1);
};

const fail = (text: string) => (): never => {
  throw new Error(text);
};

const wrong = (value: unknown): never => value as never;

describe("a connection", () => {
  test("is one operation, and each of its messages is one below it, in the context of the handler (HIN-22)", async () => {
    const registry = new OperationRegistry();
    const seen: unknown[] = [];
    const message = gate<Cancellable>();
    const { connect, connections } = await serve(
      {
        open: (_, __, operation) => {
          seen.push(operation.name, currentOperation() === operation, operation.parent);
        },
        message: async (data, { operation, request }) => {
          await sleep(1);
          seen.push(
            data,
            operation.name,
            currentOperation() === operation,
            operation.parent?.name,
            request.url,
          );
          seen.push(registry.list().map(({ name }) => name));
          message.pass(operation);
        },
      },
      { path: "/rooms/:id", register: registry, metadata: ({ url }) => ({ url }) },
    );
    const client = await connect("/rooms/7");
    client.send("hello");
    const { parent } = await message.passed;
    expect(seen.slice(0, 3)).toEqual(["ws /rooms/:id", true, undefined]);
    expect(seen.slice(3, 8)).toEqual(["hello", "message", true, "ws /rooms/:id", "/rooms/7"]);
    expect(seen[8]).toEqual(["ws /rooms/:id", "message"]);
    expect(parent?.context.metadata).toEqual({ url: "/rooms/7" });
    client.close(1000);
    await until(() => connections.size === 0);
    expect(parent?.status).toBe("completed");
    expect(registry.list()).toEqual([]);
  });

  test.each([
    ["1000", (client: WebSocket) => client.close(1000), 1000, "", "was closed with code 1000"],
    [
      "4001",
      (client: WebSocket) => client.close(4001, "bye"),
      4001,
      "bye",
      'was closed with code 4001: "bye"',
    ],
    ["no code", (client: WebSocket) => client.close(), 1005, "", "was closed without a code (code 1005)"],
    [
      "a break",
      (client: WebSocket) => client.terminate(),
      1006,
      "",
      "was lost: the connection broke without a close frame (code 1006)",
    ],
  ])(
    "that ends with %s cancels the messages that run (HIN-22)",
    async (_, close, closeCode, closeReason, text) => {
      const running = gate();
      const cleaned = gate<Cancellable>();
      const { connect, connections } = await serve({
        message: async (__, { operation }) => {
          try {
            running.pass();
            await sleepForever();
          } finally {
            cleaned.pass(operation);
          }
        },
      });
      const client = await connect();
      client.send("work");
      await running.passed;
      close(client);
      const message = await cleaned.passed;
      await until(() => connections.size === 0);
      const { parent } = message;
      expect(parent?.error).toMatchObject({
        reason: "disconnect",
        message: expect.stringContaining(`ws (no path) ${text}`),
      });
      expect(cancellationOf(message.error?.cause)?.reason).toBe("disconnect");
      expect(parent?.context.metadata).toMatchObject({ closeCode, closeReason });
      expect([parent?.status, message.status]).toEqual(["cancelled", "cancelled"]);
    },
  );

  test("whose client breaks a frame is cancelled with the error of the socket as the cause", async () => {
    const running = gate<Cancellable>();
    const { server, connections } = await serve({
      open: async (_, __, operation) => {
        running.pass(operation);
        await sleepForever();
      },
    });
    const client = connectTo({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
    client.on("error", () => {}).resume();
    const key = Buffer.alloc(16).toString("base64");
    client.write(
      `GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${key}\r\n\r\n`,
    );
    const operation = await running.passed;
    // A frame with reserved bits.
    client.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    await until(() => connections.size === 0);
    expect(operation.error?.reason).toBe("disconnect");
    expect(operation.error?.cause).toBeInstanceOf(Error);
  });

  test.each([
    ["shutdown", 1001],
    ["manual", 1001],
    ["timeout", 1013],
    ["condition", 1013],
    ["error", 1011],
  ])("that is cancelled with the reason %s is closed with %i", async (reason, code) => {
    const there = gate<Cancellable>();
    const { connect, connections } = await serve({ open: (_, __, operation) => there.pass(operation) });
    const client = await connect();
    const closed = closeOf(client);
    (await there.passed).cancel(reason);
    expect(await closed).toEqual([code, reason]);
    await until(() => connections.size === 0);
  });

  test("with a time limit is closed with 1013 when the limit is over", async () => {
    const { connect } = await serve({}, { timeout: 100 });
    expect(await closeOf(await connect())).toEqual([1013, "timeout"]);
  });

  test("keeps the code with which its handler has closed it", async () => {
    const { connect } = await serve({
      open: async (socket, _, operation) => {
        await sleep(20);
        socket.close(4003, "no ticket");
        operation.cancel();
      },
    });
    expect(await closeOf(await connect())).toEqual([4003, "no ticket"]);
  });
});

describe("an error of a handler", () => {
  test("goes to onError with its operation, and the connection goes on", async () => {
    const failed: unknown[] = [];
    const { connect } = await serve(
      { message: (data) => fail(`no ${data}`)() },
      {
        onError: (error, { operation, socket }) => {
          failed.push((error as Error).message, operation.name, operation.status);
          socket.send("sorry");
        },
      },
    );
    const client = await connect();
    for (const text of ["one", "two"]) {
      client.send(text);
      const [answer] = (await once(client, "message")) as [Buffer];
      expect(answer.toString()).toBe("sorry");
    }
    expect(failed).toEqual(["no one", "message", "failed", "no two", "message", "failed"]);
    client.close();
  });

  test("is reported by default, and so is an error of onError, of path and of metadata", async () => {
    const reported: string[] = [];
    const before = setReporter((error, source) => reported.push(`${source}: ${(error as Error).message}`));
    onTestFinished(() => void setReporter(before));
    const first = await serve({ message: fail("first") }, { path: fail("path"), metadata: fail("metadata") });
    (await first.connect()).send("x");
    await until(() => reported.length === 3);
    const second = await serve(
      { message: fail("second") },
      { path: "/a", onError: async () => fail("of onError")(), metadata: () => "x" as never },
    );
    (await second.connect()).send("x");
    await until(() => reported.length === 5);
    expect(reported).toEqual([
      "options.path: path",
      "options.metadata: metadata",
      "the handler of ws (no path): first",
      'options.metadata: the result of options.metadata must be an object; got "x"',
      "options.onError: of onError",
    ]);
  });

  test("of the connection closes the socket with 1011", async () => {
    const failed: unknown[] = [];
    const { connect, connections } = await serve(
      {
        open: async () => {
          await sleep(20);
          throw new Error("no database");
        },
      },
      { onError: (error, { operation }) => failed.push((error as Error).message, operation.name) },
    );
    expect(await closeOf(await connect())).toEqual([1011, "error"]);
    expect(failed).toEqual(["no database", "ws (no path)"]);
    await until(() => connections.size === 0);
  });

  test("is the timeout of a message that takes too long; the connection goes on", async () => {
    const failed = gate<unknown>();
    const { connect } = await serve(
      { message: () => sleepForever() },
      { messageTimeout: 20, onError: failed.pass },
    );
    const client = await connect();
    client.send("x");
    expect(isCancellation(await failed.passed, { reason: "timeout" })).toBe(true);
    expect(client.readyState).toBe(WebSocket.OPEN);
    client.close();
  });
});

describe("close()", () => {
  test("cancels all connections with the reason shutdown, waits for their clean-up, and closes later ones at once", async () => {
    const ends: unknown[] = [];
    let running = 0;
    const { connect, connections } = await serve({
      message: async (_, { operation }) => {
        try {
          running++;
          await sleepForever();
        } finally {
          await operation.shield(() => sleep(20));
          ends.push(operation.parent?.error?.reason);
        }
      },
    });
    const clients = await Promise.all([connect(), connect(), connect()]);
    const closes = clients.map(closeOf);
    for (const client of clients) client.send("work");
    await until(() => running === 3);
    await connections.close({ message: "deploying" });
    expect(ends).toEqual(["shutdown", "shutdown", "shutdown"]);
    expect(connections.size).toBe(0);
    expect(new Set((await Promise.all(closes)).map(String))).toEqual(new Set(["1001,shutdown"]));
    expect(await closeOf(await connect())).toEqual([1001, "shutdown"]);
  });

  test("ends a socket whose client does not answer after the grace", async () => {
    const { connect, connections, server } = await serve({});
    const client = await connect();
    await until(() => connections.size === 1);
    client.pause();
    await connections.close({ grace: 50 });
    await until(() => server.clients.size === 0);
    client.terminate();
  });

  test("refuses wrong options, and cancels nothing then", async () => {
    const { connect, connections } = await serve({});
    const client = await connect();
    await until(() => connections.size === 1);
    await expect(connections.close(wrong({ timeout: 5 }))).rejects.toThrow(
      "options.timeout is not an option of close",
    );
    await expect(connections.close({ grace: wrong("5 s") })).rejects.toThrow("options.grace");
    await expect(connections.close({ reason: "No Word" })).rejects.toThrow("reason must be a word");
    expect([client.readyState, connections.size]).toEqual([WebSocket.OPEN, 1]);
    client.terminate();
  });
});

test("handleSockets refuses wrong arguments", () => {
  const server = new WebSocketServer({ noServer: true });
  const refusals: ReadonlyArray<readonly [() => unknown, string]> = [
    [() => handleSockets(wrong({}), {}), "server must be a WebSocketServer of ws; got {}"],
    [() => handleSockets(wrong(undefined), {}), "server must be a WebSocketServer of ws; got undefined"],
    [() => handleSockets(server, wrong(null)), "handlers must be an object; got null"],
    [
      () => handleSockets(server, wrong({ onMessage: 1 })),
      "handlers.onMessage is not a handler of handleSockets",
    ],
    [() => handleSockets(server, { message: wrong(1) }), "handlers.message must be a function; got 1"],
    [() => handleSockets(server, { open: wrong(1) }), "handlers.open must be a function; got 1"],
    [() => handleSockets(server, {}, wrong({ limit: 1 })), "options.limit is not an option of handleSockets"],
    [() => handleSockets(server, {}, { messageTimeout: wrong("1 s") }), "options.messageTimeout must be"],
    [
      () => handleSockets(server, {}, { path: wrong(1) }),
      "options.path must be a pattern or a function; got 1",
    ],
    [() => handleSockets(server, {}, { onError: wrong(1) }), "options.onError must be a function; got 1"],
    [() => handleSockets(server, {}, { register: wrong(1) }), "options.register must be"],
  ];
  for (const [call, message] of refusals) expect(call).toThrow(message);
  expect(server.listenerCount("connection")).toBe(0);
});
