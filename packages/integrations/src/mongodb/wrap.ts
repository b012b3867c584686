import { waitFor } from "@hother/cancelable";
import type { ClientSession } from "mongodb";
import { bindChangeStream, type ChangeStreamLike } from "./change-stream.ts";
import { type CommandOptions, remainingTime, runCommand, withRemainingTime } from "./command.ts";
import { type CursorLike, makeCursor } from "./cursor.ts";
import { commands, cursors, type Kind, placeOf } from "./methods.ts";
import { bindSession } from "./session.ts";

type Method = (...args: unknown[]) => unknown;
type Call = (args: unknown[]) => unknown;

/** An object of the driver. Its methods are found by their names. */
type Target = Readonly<Record<string, Method>>;

/** All objects that {@link wrap} has returned. */
export const wrapped: WeakSet<object> = new WeakSet();

/**
 * Returns an object like `target`, with methods that belong to the scope of their call. All other methods and properties are
 * those of `target`.
 *
 * @param above The wrapped object from which the user got this one: the client of a database, the database of a collection.
 */
export function wrap<T extends object>(target: T, kind: Kind, above?: object): T {
  const plain = target as unknown as Target; // an object of the driver
  const proxy: T = new Proxy(target, {
    get(_, key) {
      if (above !== undefined && key === aboves[kind]) return above;
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function" || key === "constructor") return value;
      const call = typeof key === "string" ? callOf(plain, kind, key, proxy, above) : undefined;
      return (...args: unknown[]) => {
        const result = call === undefined ? Reflect.apply(value, target, args) : call(args);
        return result === target ? proxy : result;
      };
    },
  });
  wrapped.add(proxy);
  return proxy;
}

/** The property with the object above. */
const aboves: Readonly<Record<Kind, string | undefined>> = {
  client: undefined,
  db: "client",
  collection: "db",
  admin: undefined,
};

/** The function in the place of a method, or undefined for a method that sends nothing. */
function callOf(
  target: Target,
  kind: Kind,
  name: string,
  proxy: object,
  above: object | undefined,
): Call | undefined {
  const method: Method = (...args) => Reflect.apply(target[name] as Method, target, args);
  const command = commands[kind][name];
  if (command !== undefined)
    return (args) => sendCommand(method, name, command, args, { kind, proxy, above });
  const cursor = cursors[kind][name];
  if (cursor !== undefined) return (args) => openCursor(method, name, cursor, args);
  switch (name) {
    case "watch":
      return (args) => openChangeStream(method, args);
    case "command":
      return kind === "db"
        ? (args) => runDocument(method, args)
        : kind === "admin"
          ? toAdmin(above)
          : undefined;
    case "buildInfo":
    case "serverInfo":
    case "serverStatus":
    case "ping":
    case "replSetGetStatus":
      // These call `this.command`.
      return kind === "admin" ? (args) => Reflect.apply(target[name] as Method, proxy, args) : undefined;
    case "initializeOrderedBulkOp":
    case "initializeUnorderedBulkOp":
      return (args) => bindBulk(method(...args) as BulkLike);
    case "db":
      return (args) => wrap(method(...args) as object, "db", proxy);
    case "admin":
      return (args) => wrap(method(...args) as object, "admin", proxy);
    case "collection":
      return (args) => wrap(method(...args) as object, "collection", proxy);
    case "connect":
      // Other callers can wait for the same connection, so a cancellation ends the wait only.
      return (args) => waitFor(async () => method(...args)).then(() => proxy);
    case "startSession":
      return (args) => bindSession(method(...args) as ClientSession);
    case "withSession":
      // This calls `this.startSession`.
      return (args) => Reflect.apply(target[name] as Method, proxy, args);
    default:
      return undefined;
  }
}

/** Where a command comes from. */
interface Origin {
  readonly kind: Kind;
  readonly proxy: object;
  readonly above: object | undefined;
}

/** The options among the arguments, and the call with others. */
function splitOptions(
  method: Method,
  place: number,
  args: unknown[],
): [own: CommandOptions | undefined, call: (options: CommandOptions | undefined) => unknown] {
  const own = args[place] as CommandOptions | undefined; // the driver checks it
  const call = (options: CommandOptions | undefined): unknown => {
    const all = [...args];
    // Without options of ours, the driver gets the arguments of the user.
    if (options !== own) {
      while (all.length < place) all.push(undefined);
      all[place] = options;
    }
    return method(...all);
  };
  return [own, call];
}

async function sendCommand(
  method: Method,
  name: string,
  usual: number,
  args: unknown[],
  { kind, proxy, above }: Origin,
): Promise<unknown> {
  const result = await runCommand(...splitOptions(method, placeOf(name, usual, args), args));
  const db = kind === "db" ? proxy : above;
  switch (name) {
    case "createCollection":
    case "rename":
    case "renameCollection":
      return wrap(result as object, "collection", db); // a collection
    case "collections":
      return (result as object[]).map((each) => wrap(each, "collection", db)); // collections
    default:
      return result;
  }
}

function openCursor(method: Method, name: string, usual: number, args: unknown[]): CursorLike {
  const isDocument = name === "runCursorCommand";
  const given = isDocument ? [withLimit(args[0]), ...args.slice(1)] : args;
  const [own, call] = splitOptions(method, placeOf(name, usual, given), given);
  return makeCursor(own, (options) => call(options) as CursorLike, !isDocument);
}

function openChangeStream(method: Method, args: unknown[]): ChangeStreamLike {
  const [own, call] = splitOptions(method, placeOf("watch", 1, args), args);
  return bindChangeStream(call(withRemainingTime({ ...own })) as ChangeStreamLike);
}

/** Runs the document of a command. Its limit is in the document. */
function runDocument(method: Method, args: unknown[]): Promise<unknown> {
  const own = args[1] as CommandOptions | undefined; // the driver checks it
  const document = args[0] as CommandOptions | undefined; // the driver checks it
  return runCommand({ ...own, maxTimeMS: document?.maxTimeMS }, ({ maxTimeMS, ...options } = {}) =>
    method(withLimit(document, maxTimeMS), options, ...args.slice(2)),
  );
}

/** The document of a command with a limit, if it has none. */
function withLimit(document: unknown, limit: number | undefined = remainingTime()): unknown {
  if (typeof document !== "object" || document === null || limit === undefined) return document;
  // The server refuses the limit for most cursors.
  return "maxTimeMS" in document || "getMore" in document ? document : { ...document, maxTimeMS: limit };
}

/** Commands of `db.admin()` ignore the signal, so they go to the database `admin`. */
function toAdmin(db: object | undefined): Call {
  return (args) => {
    const { client } = db as { readonly client: { db(name: string): Target } }; // the database of the admin object
    return (client.db("admin")["command"] as Method)(...args);
  };
}

interface BulkLike {
  execute(options?: CommandOptions): Promise<unknown>;
}

function bindBulk(bulk: BulkLike): BulkLike {
  const { execute } = bulk;
  return Object.assign(bulk, {
    execute: (options?: CommandOptions) => runCommand(options, (all) => execute.call(bulk, all)),
  });
}
