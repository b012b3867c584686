import { once } from "node:events";
import { isIP, type NetConnectOpts, connect as openSocket, type Socket } from "node:net";
import { connect as openTls } from "node:tls";
import type { RawBackend, RawOptions } from "./raw-sql.ts";

/**
 * A request of the wire protocol that stops the running statement of a backend. It needs no login, and works through
 * PgBouncer. Of several hosts all are asked: postgres.js does not tell which one has the backend, and the others ignore
 * a request with a key that they do not know.
 */
export class CancelRequest {
  /** Fulfilled when the server has closed the socket: from then on the request hits no statement any more. */
  readonly ended: Promise<void>;
  readonly #sockets = new Set<Socket>();
  #isDestroyed = false;

  constructor(options: RawOptions, backend: RawBackend) {
    const request = Buffer.alloc(16);
    for (const [i, word] of [16, 80_877_102, backend.pid, backend.secret].entries())
      request.writeUInt32BE(word, 4 * i);
    const sending = addressesOf(options).map((address) => this.#send(request, address, options));
    this.ended = Promise.allSettled(sending).then((results) => {
      const isSent = results.some(({ status }) => status === "fulfilled");
      const failed = results.find(({ status }) => status === "rejected");
      if (!isSent && failed?.status === "rejected") throw failed.reason;
    });
  }

  /** Gives the request up. */
  destroy(): void {
    this.#isDestroyed = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  async #send(request: Buffer, address: NetConnectOpts, options: RawOptions): Promise<void> {
    // A socket that the user has made is connected.
    const own = options.socket?.(options) as Promise<Socket> | undefined;
    const plain = own === undefined ? openSocket(address) : await own;
    this.#keep(plain);
    if (own === undefined) await once(plain, "connect");
    const host = "host" in address ? address.host : undefined;
    const socket = options.ssl ? await this.#encrypt(plain, host, options) : plain;
    const closed = once(socket, "close");
    socket.resume().write(request);
    await closed;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {}); // `once` tells it, or the request is given up
    socket.on("close", () => this.#sockets.delete(socket));
    if (this.#isDestroyed) socket.destroy();
  }

  /** As postgres.js does it for its own connections. */
  async #encrypt(plain: Socket, host: string | undefined, options: RawOptions): Promise<Socket> {
    const { ssl } = options;
    const isDirect = options.sslnegotiation === "direct";
    if (!isDirect) {
      plain.write(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])); // an SSLRequest
      const [answer] = (await once(plain, "data")) as [Buffer];
      if (answer.toString("latin1") !== "S" && ssl === "prefer") return plain;
    }
    const isLax = ssl === "require" || ssl === "allow" || ssl === "prefer";
    const socket = openTls({
      socket: plain,
      ...(host !== undefined && isIP(host) === 0 && { servername: host }),
      ...(isDirect && { ALPNProtocols: ["postgresql"] }),
      ...(isLax ? { rejectUnauthorized: false } : typeof ssl === "object" && ssl),
    });
    this.#keep(socket);
    await once(socket, "secureConnect");
    return socket;
  }
}

function addressesOf({ path, host, port }: RawOptions): NetConnectOpts[] {
  if (typeof path === "string") return [{ path }];
  return host.map((name, i) => ({ host: name, port: port[i] ?? 5432 }));
}
