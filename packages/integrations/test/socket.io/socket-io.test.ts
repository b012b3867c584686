import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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
import { Server, type ServerOptions, type Socket } from "socket.io";
import { type Socket as Client, io as connectTo } from "socket.io-client";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  type ConnectionContext,
  handleSockets,
  type SocketConnections,
  type SocketIoOptions,
} from "../../src/socket.io/index.ts";

interface Served {
  readonly io: Server;
  readonly url: string;
  readonly connections: SocketConnections;
  connect(): Promise<Client>;
}

async function serve(
  handler: (socket: Socket, context: ConnectionContext<Socket>) => unknown,
  options?: SocketIoOptions<Socket>,
  serverOptions?: Partial<ServerOptions>,
): Promise<Served> {
  const http = createServer();
  const io = new Server(http, serverOptions);
  await once(http.listen(0, "127.0.0.1"), "listening");
  const connections = handleSockets(io, handler, options);
  const clients: Client[] = [];
  onTestFinished(async () => {
    for (const client of clients) client.disconnect();
    const closed = io.close();
    // After an abort, fetch opens a connection that it keeps unused for seconds.
    http.closeAllConnections();
    await closed;
  });
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    io,
    url,
    connections,
    async connect() {
      const client = connectTo(url, { reconnection: false, forceNew: true });
      clients.push(client);
      await new Promise<void>((resolve) => client.once("connect", () => resolve()));
      return client;
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

const disconnectOf = (client: Client): Promise<string> =>
  new Promise((resolve) => client.once("disconnect", (reason) => resolve(reason)));

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await sleep(1);
};

const wrong = (value: unknown): never => value as never;

/** A connection with a listener `work` that runs until it is cancelled. */
async function working(
  options?: SocketIoOptions<Socket>,
  serverOptions?: Partial<ServerOptions>,
): Promise<Served & { readonly running: Promise<Cancellable>; readonly cleaned: Promise<Cancellable> }> {
  const running = gate<Cancellable>();
  const cleaned = gate<Cancellable>();
  const served = await serve(
    (_, { on }) => {
      on("work", async () => {
        const operation = currentOperation() as Cancellable;
        try {
          running.pass(operation);
          await sleepForever();
        } finally {
          cleaned.pass(operation);
        }
      });
    },
    options,
    serverOptions,
  );
  return { ...served, running: running.passed, cleaned: cleaned.passed };
}

describe("a connection of socket.io", () => {
  test.each<[string, (socket: Socket, operation: Cancellable) => unknown, string]>([
    ["disconnects its socket", (socket) => socket.disconnect(), "disconnect"],
    ["cancels its operation", (_, operation) => operation.cancel("quota"), "quota"],
  ])("ends when its handler %s before it returns (HIN-22)", async (_, end, reason) => {
    let operation!: Cancellable;
    const { connect, connections } = await serve((socket, context) => {
      operation = context.operation;
      end(socket, operation);
    });
    const client = await connect();
    await until(() => !client.connected && connections.size === 0);
    expect([operation.status, operation.error?.reason]).toEqual(["cancelled", reason]);
    expect(operation.context.metadata).toEqual({ disconnectReason: "server namespace disconnect" });
  });

  test("is one operation, and each of its events is one below it, in the context of the listener (HIN-22)", async () => {
    const registry = new OperationRegistry();
    const { connect, connections } = await serve(
      (_, { on, operation }) => {
        const names = [operation.name, currentOperation() === operation, operation.parent];
        on("save", async (text: string, answer: (seen: unknown) => void) => {
          await sleep(1);
          const own = currentOperation();
          answer([
            ...names,
            text,
            own?.name,
            own?.parent === operation,
            registry.list().map(({ name }) => name),
          ]);
        });
      },
      { register: registry, metadata: ({ handshake }) => ({ url: handshake.url.split("?")[0] }) },
    );
    const client = await connect();
    expect(registry.list()[0]?.metadata).toEqual({ url: "/socket.io/" });
    expect(await client.emitWithAck("save", "hello")).toEqual([
      "socket.io /",
      true,
      null, // undefined in JSON
      "hello",
      "save",
      true,
      ["socket.io /", "save"],
    ]);
    client.disconnect();
    await until(() => connections.size === 0);
    expect(registry.list()).toEqual([]);
  });

  test.each([
    ["client namespace disconnect", (client: Client) => void client.disconnect()],
    ["transport close", (client: Client) => client.io.engine.close()],
  ])("that ends by %s cancels the events that run, and keeps the reason (HIN-22)", async (reason, leave) => {
    const { connect, connections, running, cleaned } = await working();
    const client = await connect();
    client.emit("work");
    await running;
    leave(client);
    const event = await cleaned;
    await until(() => connections.size === 0);
    const { parent } = event;
    expect(parent?.error).toMatchObject({
      reason: "disconnect",
      message: expect.stringContaining(`socket.io / was disconnected: ${reason}`),
    });
    expect(cancellationOf(event.error?.cause)?.reason).toBe("disconnect");
    expect(parent?.context.metadata).toMatchObject({ disconnectReason: reason });
  });

  test.each([
    ["in an open poll is noticed at once", true, "transport error"],
    ["between two polls is noticed at the ping timeout only", false, "ping timeout"],
  ])("whose poller is killed %s (HIN-22)", async (_, isPolling, disconnectReason) => {
    // A ping would answer the open poll.
    const pingInterval = isPolling ? 60_000 : 300;
    const { io, url, running, cleaned } = await working(undefined, { pingInterval, pingTimeout: 60_000 });
    const engine = `${url}/socket.io/?EIO=4&transport=polling`;
    const opening = await (await fetch(engine)).text();
    const { sid } = JSON.parse(opening.slice(1)) as { readonly sid: string };
    await fetch(`${engine}&sid=${sid}`, { method: "POST", body: "40" });
    await (await fetch(`${engine}&sid=${sid}`)).text();
    const poller = new AbortController();
    const polling = isPolling ? once(io.httpServer, "request") : undefined;
    const poll = isPolling
      ? fetch(`${engine}&sid=${sid}`, { signal: poller.signal }).catch(() => {})
      : undefined;
    await polling;
    await fetch(`${engine}&sid=${sid}`, { method: "POST", body: '42["work"]' });
    const event = await running;
    expect(event.isCancelled).toBe(false);
    if (isPolling) {
      poller.abort();
      await poll;
    } else {
      // Only now: the test itself can be slower than such a timeout. After a pong the server sends its next ping.
      io.engine.opts.pingTimeout = 200;
      await fetch(`${engine}&sid=${sid}`, { method: "POST", body: "3" });
    }
    await cleaned;
    expect(event.parent?.context.metadata).toMatchObject({ disconnectReason });
  });

  test("that is cancelled is disconnected for good, and after a shutdown such that the client comes back", async () => {
    const operations: Cancellable[] = [];
    const { connect, connections } = await serve((_, { operation }) => void operations.push(operation));
    const first = await connect();
    const firstEnd = disconnectOf(first);
    operations[0]?.cancel("quota");
    expect(await firstEnd).toBe("io server disconnect");
    const second = await connect();
    const secondEnd = disconnectOf(second);
    await connections.close();
    expect(await secondEnd).toBe("transport close");
    expect([connections.size, operations[1]?.error?.reason]).toEqual([0, "shutdown"]);
  });

  test("in a namespace has its name, or the pattern of the option", async () => {
    const { io, url } = await serve(() => {});
    const names: unknown[] = [];
    handleSockets(io.of("/chat"), (_, { operation }) => names.push(operation.name));
    handleSockets(io.of(/^\/room-\d+$/), (_, { operation }) => names.push(operation.name), {
      path: "/room-:id",
    });
    for (const path of ["/chat", "/room-7"]) {
      const client = connectTo(`${url}${path}`, { reconnection: false, forceNew: true });
      await new Promise<void>((resolve) => client.once("connect", () => resolve()));
      client.disconnect();
    }
    expect(names).toEqual(["socket.io /chat", "socket.io /room-:id"]);
  });
});

describe("an error of a listener of socket.io", () => {
  test("goes to onError, and the connection goes on; so does the timeout of a listener", async () => {
    const failed: unknown[] = [];
    for (const [event, messageTimeout] of [
      ["fail", undefined],
      ["hang", 30],
    ] as const) {
      const { connect } = await serve(
        (_, { on }) => {
          on("fail", async () => {
            throw new Error("no");
          });
          on("hang", () => sleepForever());
        },
        {
          messageTimeout,
          onError: (error, { operation, socket }) => {
            failed.push([
              operation.name,
              isCancellation(error, { reason: "timeout" }) ? "timeout" : (error as Error).message,
            ]);
            socket.emit("sorry");
          },
        },
      );
      const client = await connect();
      for (let time = 0; time < 2; time++) {
        const answered = new Promise<void>((resolve) => client.once("sorry", () => resolve()));
        client.emit(event);
        await answered;
      }
      expect(client.connected).toBe(true);
    }
    const [fail, hang] = [
      ["fail", "no"],
      ["hang", "timeout"],
    ];
    expect(failed).toEqual([fail, fail, hang, hang]);
  });

  test("is reported by default, and one of the connection disconnects the socket", async () => {
    const reported: string[] = [];
    const before = setReporter((error, source) => reported.push(`${source}: ${(error as Error).message}`));
    onTestFinished(() => void setReporter(before));
    const listening = gate();
    const { connect } = await serve(async (_, { on }) => {
      expect(() => on("disconnect", () => {})).toThrow("listen with socket.on for this one");
      expect(() => on("work", wrong(1))).toThrow("listener must be a function; got 1");
      await listening.passed;
      throw new Error("no database");
    });
    const end = disconnectOf(await connect());
    listening.pass();
    expect(await end).toBe("io server disconnect");
    expect(reported).toEqual(["the handler of socket.io /: no database"]);
  });
});

test("handleSockets for socket.io refuses wrong arguments", () => {
  const io = new Server();
  const refusals: ReadonlyArray<readonly [() => unknown, string]> = [
    [() => handleSockets(wrong({}), () => {}), "server must be a Server or a Namespace of socket.io; got {}"],
    [
      () => handleSockets(wrong(undefined), () => {}),
      "server must be a Server or a Namespace of socket.io; got undefined",
    ],
    [() => handleSockets(io, wrong({})), "handler must be a function; got {}"],
    [
      () => handleSockets(io, () => {}, wrong({ limit: 1 })),
      "options.limit is not an option of handleSockets",
    ],
    [() => handleSockets(io, () => {}, { path: wrong(1) }), "options.path must be a pattern; got 1"],
    [() => handleSockets(io, () => {}, { metadata: wrong(1) }), "options.metadata must be a function; got 1"],
  ];
  for (const [call, message] of refusals) expect(call).toThrow(message);
});
