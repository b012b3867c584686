import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { Cancellable, moveOnAfter, sleep } from "@hother/cancelable";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { messages, opened } from "../../src/ws/index.ts";

const clientOf = (server: Server | WebSocketServer): WebSocket =>
  new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);

async function connect(onConnection: (socket: WebSocket) => void): Promise<WebSocket> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  server.on("connection", onConnection);
  onTestFinished(async () => {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  return clientOf(server);
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await sleep(1);
};

const listeners = (socket: WebSocket): number[] =>
  ["message", "open", "close"].map((event) => socket.listenerCount(event));

describe("messages(socket)", () => {
  test("gives texts as strings and bytes as buffers, and ends with a normal close", async () => {
    const socket = await connect((side) => {
      side.send("text");
      side.send(new Uint8Array([1, 2]));
      side.close(1000);
    });
    const seen: unknown[] = [];
    for await (const message of messages(socket)) seen.push(message);
    expect(seen).toEqual(["text", Buffer.from([1, 2])]);
    expect(listeners(socket)).toEqual([0, 0, 0]);
  });

  test.each([
    [
      "the code 4001",
      (side: WebSocket) => side.close(4001, "no ticket"),
      { closeCode: 4001, closeReason: "no ticket" },
    ],
    ["a broken connection", (side: WebSocket) => side.terminate(), { closeCode: 1006, closeReason: "" }],
  ])("throws after the messages for %s (HIN-22)", async (_, close, expected) => {
    const socket = await connect((side) => side.send("first", () => close(side)));
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const message of messages(socket)) seen.push(message);
    })();
    await expect(reading).rejects.toMatchObject({ name: "SocketClosedError", ...expected });
    expect(seen).toEqual(["first"]);
  });

  test("ends with the operation, and closes the socket", async () => {
    let code: unknown;
    const socket = await connect((side) => {
      side.send("first");
      side.on("close", (closeCode) => {
        code = closeCode;
      });
    });
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      for await (const _ of messages(socket)) op.cancel("quota");
    });
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "quota" } });
    await until(() => code !== undefined);
    expect(code).toBe(1000);
  });

  test("closes the socket when the loop is left", async () => {
    const socket = await connect((side) => side.send("first"));
    for await (const _ of messages(socket)) break;
    await once(socket, "close");
    expect(listeners(socket)).toEqual([0, 0, 0]);
  });

  test("ends with the operation also between messages that came at once", async () => {
    const socket = await connect(async (side) => {
      await new Promise((resolve) => setImmediate(resolve)); // after the answer to the handshake
      // One write, which the client gets in one piece.
      const frames = Buffer.alloc(3_000).fill(Buffer.from([0x81, 1, 0x78])); // a text frame of one letter
      (side as unknown as { _socket: Socket })._socket.write(frames);
    });
    const op = new Cancellable();
    let count = 0;
    const outcome = await op.settle(async () => {
      for await (const _ of messages(socket)) {
        count++;
        if (count === 3) op.cancel("quota");
      }
    });
    expect([outcome.status, count]).toEqual(["cancelled", 3]);
  });

  test("closes the socket when it is disposed of before the first message is read", async () => {
    const socket = await connect(() => {});
    {
      await using unread = messages(socket);
      await opened(socket);
      expect(await unread.return(undefined)).toEqual({ done: true, value: undefined });
    }
    await once(socket, "close");
    expect(listeners(socket)).toEqual([0, 0, 0]);
  });

  test("gives each of several readers its message, and ends all of them when it is left", async () => {
    let side!: WebSocket;
    const socket = await connect((connection) => {
      side = connection;
    });
    const incoming = messages(socket);
    await opened(socket);
    const reads = [incoming.next(), incoming.next(), incoming.next()];
    side.send("one");
    side.send("two");
    expect([await reads[0], await reads[1]]).toEqual([
      { done: false, value: "one" },
      { done: false, value: "two" },
    ]);
    await incoming.return(undefined);
    expect(await reads[2]).toEqual({ done: true, value: undefined });
    expect(await incoming.next()).toEqual({ done: true, value: undefined });
  });

  test("does not read more than a few messages while the loop is busy, and loses none", async () => {
    const total = 3_000;
    const payload = "x".repeat(10_000);
    let side!: WebSocket;
    const socket = await connect((connection) => {
      side = connection;
      for (let i = 0; i < total; i++) connection.send(`${i} ${payload}`);
      connection.close(1000);
    });
    const seen: number[] = [];
    for await (const message of messages(socket)) {
      if (seen.length === 0) {
        await until(() => socket.isPaused);
        expect(side.bufferedAmount).toBeGreaterThan(0);
      }
      seen.push(Number.parseInt(String(message), 10));
    }
    expect(seen).toEqual(Array.from({ length: total }, (_, i) => i));
  });

  test("refuses what is no socket", () => {
    expect(() => messages({} as WebSocket)).toThrow("socket must be a WebSocket of ws; got {}");
  });
});

describe("opened(socket)", () => {
  test("waits for the connection, and leaves no listener", async () => {
    const socket = await connect(() => {});
    await opened(socket);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    expect([...listeners(socket), socket.listenerCount("error")]).toEqual([0, 0, 0, 0]);
    await opened(socket);
  });

  test("throws the error of a connection that fails as the cause", async () => {
    const broken = createServer((connection) => connection.destroy());
    await once(broken.listen(0, "127.0.0.1"), "listening");
    const socket = clientOf(broken);
    await expect(opened(socket)).rejects.toMatchObject({
      name: "SocketClosedError",
      cause: expect.any(Error),
    });
    await expect(opened(socket)).rejects.toMatchObject({ closeCode: 1006 });
    broken.close();
  });

  test("closes the socket when it is cancelled", async () => {
    let isClosed = false;
    const silent = createServer((connection) => {
      connection.on("error", () => {}).resume();
      connection.on("close", () => {
        isClosed = true;
      });
    });
    await once(silent.listen(0, "127.0.0.1"), "listening");
    const socket = clientOf(silent);
    await moveOnAfter(100, () => opened(socket));
    await until(() => isClosed && socket.readyState === WebSocket.CLOSED);
    silent.close();
  });
});
