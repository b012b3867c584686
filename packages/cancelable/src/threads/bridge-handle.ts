import { type HostPort, isPort } from "#platform/thread-port";
import { invalidType, outOfRange, requireWhole } from "../arguments.ts";
import { UsageError } from "../usage-error.ts";

const kind = "@hother/cancelable/bridge";
const version = 1;

/**
 * The object with which one thread calls a {@link ThreadBridge}. Send it to the thread in `workerData` or in a message, with
 * {@link port} in the transfer list.
 */
export interface BridgeHandle {
  readonly kind: typeof kind;
  /** The version of the messages and of the memory. */
  readonly version: number;
  /** The name of the bridge. */
  readonly name: string;
  /** The names of its handlers. */
  readonly handlers: readonly string[];
  /** The maximum number of calls of the thread that have not ended. */
  readonly capacity: number;
  readonly memory: SharedArrayBuffer;
  readonly port: HostPort;
}

export function createHandle(parts: Omit<BridgeHandle, "kind" | "version">): BridgeHandle {
  return { kind, version, ...parts };
}

/**
 * Checks a handle, which can come from anywhere.
 *
 * @throws TypeError or RangeError that names the wrong part. UsageError `ERR_OTHER_VERSION`.
 */
export function requireBridgeHandle(handle: unknown): asserts handle is BridgeHandle {
  if ((handle as Partial<BridgeHandle> | null | undefined)?.kind !== kind)
    throw invalidType("handle", "the handle of a ThreadBridge", handle);
  const { version: given, name, handlers, capacity, memory, port } = handle as BridgeHandle;
  if (given !== version) {
    throw new UsageError(
      "ERR_OTHER_VERSION",
      "The handle of a bridge",
      `it has version ${given}, and this thread reads version ${version}`,
    );
  }
  if (typeof name !== "string") throw invalidType("handle.name", "a string", name);
  if (!Array.isArray(handlers)) throw invalidType("handle.handlers", "an array of names", handlers);
  requireWhole(capacity, "handle.capacity", 1);
  // Not `instanceof`: the memory can come from another realm.
  if (Object.prototype.toString.call(memory) !== "[object SharedArrayBuffer]")
    throw invalidType("handle.memory", "a SharedArrayBuffer, which JSON does not keep", memory);
  if (!isPort(port))
    throw invalidType("handle.port", "a MessagePort that was sent in the transfer list", port);
}

/** @throws RangeError for a name that no handler has. */
export function requireHandler(name: unknown, names: readonly string[]): void {
  if (typeof name !== "string") throw invalidType("name", "a string", name);
  if (!names.includes(name)) {
    throw outOfRange("name", `a handler of the bridge: ${names.map((one) => `"${one}"`).join(", ")}`, name);
  }
}
