import type { Cancellable } from "@hother/cancelable";

/** A request on a connection. */
export interface NodeRequest {
  readonly operation: Cancellable & {
    /** Whether the answer is not over. */
    readonly isOpen: boolean;
  };
  /** The connection has closed. It can be called for a request whose answer is over. */
  connectionClosed(): void;
}

/** The socket of HTTP/1, or the session of HTTP/2. */
export interface ConnectionKey {
  once(event: "close", listener: () => void): unknown;
  readonly server?: object | undefined;
}

/** A connection of a server, with its requests that have not ended. */
export class Connection {
  /** Undefined where the host does not tell its connections. */
  readonly key: ConnectionKey | undefined;
  readonly requests: Set<NodeRequest> = new Set();
  /** Whether the server itself has broken the connection off, for one of the requests. */
  isCut = false;
  isClosed = false;
  readonly #ofServer: Set<Connection>;

  constructor(key: ConnectionKey | undefined, ofServer: Set<Connection>) {
    this.key = key;
    this.#ofServer = ofServer;
    ofServer.add(this);
  }

  close(): void {
    this.isClosed = true;
    for (const request of this.requests) request.connectionClosed();
    this.#removeIfDone();
  }

  /** The request has ended. */
  delete(request: NodeRequest): void {
    this.requests.delete(request);
    if (this.isClosed) this.#removeIfDone();
  }

  /** A request can end after its connection, for example because its handler has clean-up to do. */
  #removeIfDone(): void {
    if (this.requests.size === 0) this.#ofServer.delete(this);
  }
}

const connections = new WeakMap<ConnectionKey, Connection>();
const servers = new WeakMap<object, Set<Connection>>();
/** Stands for the server where the host does not tell the server of a socket. */
const unknownServer = {};

/** The record of a connection. It is made at the first request. `undefined` stands for a connection that is gone. */
export function connectionOf(key: ConnectionKey | undefined): Connection {
  return (key && connections.get(key)) ?? newConnection(key);
}

function newConnection(key: ConnectionKey | undefined): Connection {
  const connection = new Connection(key, connectionSetOf(key?.server ?? unknownServer));
  if (key === undefined) {
    connection.close();
    return connection;
  }
  connections.set(key, connection);
  // Up to Node 22, a response that waits behind another one on the connection does not tell that the connection has closed.
  key.once("close", () => connection.close());
  return connection;
}

function connectionSetOf(server: object): Set<Connection> {
  let found = servers.get(server);
  if (found === undefined) {
    found = new Set();
    servers.set(server, found);
  }
  return found;
}

const only = new WeakMap<object, Connection>();

/** The one record of all requests of a server, where the host does not tell their connections. */
export function connectionOfServer(server: object = unknownServer): Connection {
  let connection = only.get(server);
  if (connection === undefined) {
    connection = new Connection(undefined, connectionSetOf(server));
    only.set(server, connection);
  }
  return connection;
}

/**
 * The connections of a server on which there was a request, and which are open or have a request that has not ended. Undefined if no
 * request of the server was an operation.
 */
export function connectionsOf(server: object): ReadonlySet<Connection> | undefined {
  return servers.get(server);
}

/** The number of requests on a connection whose answer is not over. */
export function requestCount(key: ConnectionKey): number {
  let count = 0;
  for (const { operation } of connections.get(key)?.requests ?? []) if (operation.isOpen) count++;
  return count;
}

/** The operations of the requests of a server that have not ended. */
export function requestsOf(server: object): Cancellable[] {
  const found: Cancellable[] = [];
  for (const known of [server, unknownServer])
    for (const { requests } of servers.get(known) ?? [])
      for (const { operation } of requests) found.push(operation);
  return found;
}
