import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A TCP proxy in front of a server, which can hold back and cut its connections. */
export interface Proxy {
  readonly host: string;
  readonly port: number;
  /** How many connections are open. */
  readonly connections: number;
  /** From now on no byte passes, in both directions, also on new connections; every socket stays open. */
  freeze(): void;
  /** Sends what was held back, and lets all bytes pass again. */
  thaw(): void;
  /** Breaks all connections that are open. */
  cut(): void;
  /** From now on new connections are closed at once. */
  refuse(): void;
  /** Ends what `refuse()` began. */
  accept(): void;
  stop(): Promise<void>;
}

/** Starts a proxy in front of `server`. Tests give its port to their client. */
export async function startProxy(server: { readonly host: string; readonly port: number }): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const heldBack: (() => void)[] = [];
  let isFrozen = false;
  let refuses = false;
  const pass = (write: () => void): void => {
    if (isFrozen) heldBack.push(write);
    else write();
  };
  const join = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on("data", (bytes) => pass(() => to.writable && to.write(bytes)));
    from.on("end", () => pass(() => to.end()));
    from.on("error", () => to.destroy());
    from.on("close", () => {
      sockets.delete(from);
      pass(() => to.destroy());
    });
  };
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    if (refuses) {
      client.on("error", () => {}); // the socket is destroyed already
      client.destroy();
      return;
    }
    const upstream = connect({ host: server.host, port: server.port, allowHalfOpen: true });
    join(client, upstream);
    join(upstream, client);
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  if (typeof address !== "object" || address === null) throw new Error("the proxy has no port");
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    host: "127.0.0.1",
    port: address.port,
    get connections() {
      return sockets.size / 2;
    },
    freeze() {
      isFrozen = true;
    },
    thaw() {
      isFrozen = false;
      for (const write of heldBack.splice(0)) write();
    },
    cut,
    refuse() {
      refuses = true;
    },
    accept() {
      refuses = false;
    },
    async stop() {
      const closed = once(listener, "close");
      listener.close();
      cut();
      await closed;
    },
  };
}
