import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { BSON, type Document, Long } from "mongodb";
import { afterAll } from "vitest";

/** A command that the stand-in received. */
export interface ReceivedCommand {
  readonly name: string;
  readonly document: Document;
  /** The number of the connection, in the order in which they were opened. */
  readonly connection: number;
}

interface Cursor {
  readonly ns: string;
  readonly rest: Document[];
  /** Stays open without documents, as the cursor of a change stream. */
  readonly isTailable: boolean;
  /** Ends the reads that wait. */
  readonly killed: Set<() => void>;
}

/**
 * Speaks the wire protocol of MongoDB as far as the tests need it. It is written by hand, so it shows what the driver sends and
 * when, and not what a real server does: neither npm nor Debian brings one.
 */
export class MongoStandIn {
  readonly received: ReceivedCommand[] = [];
  /** Connections that the client has closed, by number. */
  readonly closed: number[] = [];
  url = "";
  readonly #documents = new Map<string, Document[]>();
  readonly #cursors = new Map<string, Cursor>();
  readonly #held = new Map<string, Promise<void>>();
  readonly #released = new Map<string, () => void>();
  readonly #failures = new Map<string, Document>();
  readonly #sockets = new Set<Socket>();
  #waiting: Array<() => void> = [];
  #connections = 0;
  #lastCursor = 0;
  readonly #server = createServer((socket) => this.#serve(socket));

  async start(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const { port } = this.#server.address() as { port: number };
    this.url = `mongodb://127.0.0.1:${port}/shop?directConnection=true`;
    return this;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** The names of the commands, without those of the driver's own monitoring and its sessions. */
  get names(): string[] {
    return this.received.map(({ name }) => name);
  }

  /** Forgets what was received, and holds and fails nothing any more. */
  reset(): void {
    this.received.length = 0;
    this.closed.length = 0;
    for (const name of [...this.#released.keys()]) this.release(name);
    this.#failures.clear();
    this.#documents.clear();
  }

  /** Does not answer commands with this name until {@link release}. */
  hold(name: string): void {
    this.#held.set(name, new Promise((resolve) => this.#released.set(name, resolve)));
  }

  release(name: string): void {
    this.#released.get(name)?.();
    this.#released.delete(name);
    this.#held.delete(name);
  }

  /** Answers commands with this name with an error. */
  fail(name: string, error: { readonly code: number; readonly codeName: string }): void {
    this.#failures.set(name, { ok: 0, errmsg: error.codeName, ...error });
  }

  /** Waits until `count` commands with this name have arrived. */
  async arrived(name: string, count = 1): Promise<ReceivedCommand> {
    for (;;) {
      const found = this.received.filter((each) => each.name === name)[count - 1];
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #serve(socket: Socket): void {
    const connection = ++this.#connections;
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.closed.push(connection);
    });
    let bytes = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 4 && bytes.length >= bytes.readInt32LE(0)) {
        const size = bytes.readInt32LE(0);
        void this.#receive(socket, bytes.subarray(0, size), connection);
        bytes = bytes.subarray(size);
      }
    });
  }

  async #receive(socket: Socket, message: Buffer, connection: number): Promise<void> {
    const id = message.readInt32LE(4);
    const isLegacy = message.readInt32LE(12) === 2004; // OP_QUERY, of the first handshake
    const document = isLegacy ? readQuery(message) : readMessage(message);
    const name = Object.keys(document)[0] as string;
    const isOwn = ["hello", "ismaster", "isMaster", "endSessions"].includes(name);
    if (!isOwn) {
      this.received.push({ name, document, connection });
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve();
    }
    const answer = await this.#answer(name, document, isOwn);
    if (!socket.destroyed) socket.write((isLegacy ? writeReply : writeMessage)(id, answer));
  }

  async #answer(name: string, document: Document, isOwn: boolean): Promise<Document> {
    if (isOwn) return { ...hello, me: this.url, ok: 1 };
    const killed = this.#killOf(document["getMore"]);
    await Promise.race([this.#held.get(name), killed]);
    if (killed !== undefined && (await isSettled(killed)))
      return { ok: 0, code: 237, codeName: "CursorKilled", errmsg: "operation was interrupted" };
    return this.#failures.get(name) ?? this.#run(name, document);
  }

  /** A promise for the end of a cursor, if this is a read of one. */
  #killOf(id: unknown): Promise<void> | undefined {
    const cursor = this.#cursors.get(String(id));
    return id === undefined ? undefined : new Promise((resolve) => cursor?.killed.add(resolve));
  }

  #run(name: string, document: Document): Document {
    const ns = `${document["$db"]}.${document[name]}`;
    const stored = this.#documents.get(ns) ?? [];
    const size: number = document["batchSize"] ?? document["cursor"]?.batchSize ?? 101;
    switch (name) {
      case "insert":
        this.#documents.set(ns, [...stored, ...document["documents"]]);
        return { ok: 1, n: document["documents"].length };
      case "find":
        return this.#open(ns, stored, document["singleBatch"] ? stored.length : size, false);
      case "aggregate": {
        const isTailable = "$changeStream" in (document["pipeline"][0] ?? {});
        const isCount = document["pipeline"].some((stage: Document) => stage["$group"]?.n !== undefined);
        const found = isTailable ? [] : isCount ? [{ _id: 1, n: stored.length }] : stored;
        return this.#open(ns, found, size, isTailable);
      }
      case "listIndexes":
        return this.#open(ns, [{ v: 2, key: { _id: 1 }, name: "_id_" }], size, false);
      case "listCollections":
        return this.#open(ns, [{ name: "orders", type: "collection" }], size, false);
      case "bulkWrite":
        return { ...this.#open("admin.$cmd.bulkWrite", [], size, false), ...bulkCounts };
      case "getMore": {
        const id = String(document["getMore"]);
        const cursor = this.#cursors.get(id);
        if (cursor === undefined) return { ok: 0, code: 43, codeName: "CursorNotFound", errmsg: "gone" };
        const nextBatch = cursor.rest.splice(0, size);
        const isOpen = cursor.isTailable || cursor.rest.length > 0;
        if (!isOpen) this.#cursors.delete(id);
        return { ok: 1, cursor: { id: isOpen ? Long.fromString(id) : Long.ZERO, ns: cursor.ns, nextBatch } };
      }
      case "killCursors":
        for (const id of document["cursors"]) {
          for (const end of this.#cursors.get(String(id))?.killed ?? []) end();
          this.#cursors.delete(String(id));
        }
        return { ok: 1, cursorsKilled: document["cursors"] };
      case "update":
        return { ok: 1, n: 1, nModified: 1 };
      case "delete":
        this.#documents.delete(ns);
        return { ok: 1, n: stored.length };
      case "findAndModify":
        return { ok: 1, value: stored[0] ?? null, lastErrorObject: {} };
      case "distinct":
        return { ok: 1, values: [] };
      case "count":
        return { ok: 1, n: stored.length };
      case "listDatabases":
        return { ok: 1, databases: [] };
      default:
        return { ok: 1 };
    }
  }

  #open(ns: string, documents: readonly Document[], size: number, isTailable: boolean): Document {
    const rest = [...documents];
    const firstBatch = rest.splice(0, size);
    const id = rest.length > 0 || isTailable ? ++this.#lastCursor : 0;
    if (id > 0) this.#cursors.set(String(id), { ns, rest, isTailable, killed: new Set() });
    return { ok: 1, cursor: { id: Long.fromNumber(id), ns, firstBatch } };
  }
}

/** Starts a stand-in, which ends with the tests of the file. */
export async function startMongoStandIn(): Promise<MongoStandIn> {
  const server = await new MongoStandIn().start();
  afterAll(() => server.stop());
  return server;
}

const hello = {
  helloOk: true,
  ismaster: true,
  isWritablePrimary: true,
  setName: "rs0",
  hosts: ["127.0.0.1"],
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  logicalSessionTimeoutMinutes: 30,
  minWireVersion: 0,
  maxWireVersion: 25,
  readOnly: false,
};

const bulkCounts = { nInserted: 1, nMatched: 0, nModified: 0, nUpserted: 0, nDeleted: 0, nErrors: 0 };

const isSettled = (promise: Promise<void>): Promise<boolean> =>
  Promise.race([promise.then(() => true), Promise.resolve(false)]);

/** Reads OP_QUERY: the header, flags, the name of a collection, two numbers, the document. */
function readQuery(message: Buffer): Document {
  const end = message.indexOf(0, 20);
  return BSON.deserialize(message.subarray(end + 9));
}

/** Reads OP_MSG: the header, flags, one document, and lists of documents that belong to its fields. */
function readMessage(message: Buffer): Document {
  let at = 20;
  let document: Document = {};
  const lists: Document = {};
  while (at < message.length) {
    const kind = message[at];
    const size = message.readInt32LE(at + 1);
    const section = message.subarray(at + 1, at + 1 + size);
    at += 1 + size;
    if (kind === 0) document = BSON.deserialize(section, { promoteLongs: false });
    else {
      const end = section.indexOf(0, 4);
      const list: Document[] = [];
      for (let from = end + 1; from < section.length; ) {
        const length = section.readInt32LE(from);
        list.push(BSON.deserialize(section.subarray(from, from + length)));
        from += length;
      }
      lists[section.toString("utf8", 4, end)] = list;
    }
  }
  return { ...document, ...lists };
}

function writeMessage(id: number, document: Document): Buffer {
  const body = BSON.serialize(document);
  const head = Buffer.alloc(21);
  head.writeInt32LE(21 + body.length, 0);
  head.writeInt32LE(id, 8);
  head.writeInt32LE(2013, 12);
  return Buffer.concat([head, body]);
}

/** Writes OP_REPLY, the answer to OP_QUERY. */
function writeReply(id: number, document: Document): Buffer {
  const body = BSON.serialize(document);
  const head = Buffer.alloc(36);
  head.writeInt32LE(36 + body.length, 0);
  head.writeInt32LE(id, 8);
  head.writeInt32LE(1, 12);
  head.writeInt32LE(1, 32); // one document
  return Buffer.concat([head, body]);
}
