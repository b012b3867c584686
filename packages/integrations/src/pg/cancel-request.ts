import { isIP, type NetConnectOpts, connect as openSocket, type Socket } from "node:net";
import { type ConnectionOptions, connect as openTls } from "node:tls";
import type { RawClient } from "./raw-client.ts";

// The codes of the wire protocol in the place of a version.
const sslRequest = message(80_877_103);
const cancelRequestCode = 80_877_102;

/**
 * A request of the wire protocol that stops the statement of a client. It goes to the address to which the client is connected,
 * with TLS if the client has TLS, so that it also works through PgBouncer. It needs no login and no rights.
 */
export class CancelRequest {
  /** Fulfilled when the server has closed the socket: from then on the request hits no statement any more. */
  readonly ended: Promise<void>;
  #socket: Socket;
  #isSent = false;

  constructor(client: RawClient) {
    const { processID, secretKey, ssl, host } = client;
    if (processID === null || secretKey === null)
      throw new Error("the server has given the client no key with which its statements can be cancelled");
    const request = message(cancelRequestCode, processID, secretKey);
    this.#socket = openSocket(addressOf(client));
    this.ended = new Promise((resolve, reject) => {
      const send = (): void => {
        this.#socket.write(request, () => {
          this.#isSent = true;
        });
      };
      const watch = (socket: Socket): void => {
        socket.setNoDelay(true);
        socket.on("error", (error: NodeJS.ErrnoException) => {
          // A server may reset the connection when it has read the request.
          if (!this.#isSent || error.code !== "ECONNRESET") reject(error);
        });
        socket.on("close", () => {
          if (this.#isSent) resolve();
          else reject(new Error("the server closed the connection before the cancel request was sent"));
        });
      };
      /** Puts TLS on the socket, with the options of the client. */
      const encrypt = (options: ConnectionOptions, further?: ConnectionOptions): void => {
        const name = isIP(host) === 0 ? { servername: host } : undefined;
        // pg hides the private key, so that no log shows it.
        const key = options.key === undefined ? undefined : { key: options.key };
        this.#socket = openTls({ socket: this.#socket, host, ...name, ...options, ...key, ...further });
        watch(this.#socket);
        this.#socket.resume().once("secureConnect", send);
      };
      watch(this.#socket);
      if (ssl === false) {
        this.#socket.resume().once("connect", send);
        return;
      }
      const options = ssl === true ? {} : ssl;
      this.#socket.once("connect", () => {
        if (client.sslNegotiation === "direct") return encrypt(options, { ALPNProtocols: ["postgresql"] });
        this.#socket.once("data", (answer) => {
          if (answer.toString("latin1") === "S") return encrypt(options);
          this.#socket.destroy(new Error("the server takes no TLS for a cancel request"));
        });
        this.#socket.write(sslRequest);
      });
    });
  }

  /** Gives the request up. */
  destroy(): void {
    this.#socket.destroy();
  }
}

/** A message without a type, as at the start of a connection. */
function message(...words: number[]): Buffer {
  const bytes = Buffer.alloc(4 * (words.length + 1));
  bytes.writeInt32BE(bytes.length);
  for (const [i, word] of words.entries()) bytes.writeInt32BE(word, 4 * (i + 1));
  return bytes;
}

/** Where the client is connected. A host name can have several addresses, and only one of them knows the key. */
function addressOf({ host, port, connection }: RawClient): NetConnectOpts {
  if (host.startsWith("/")) return { path: `${host}/.s.PGSQL.${port}` };
  const { remoteAddress, remotePort } = connection.stream as Partial<Socket>;
  return { host: remoteAddress ?? host, port: remotePort ?? port };
}
