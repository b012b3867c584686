import { runOutside } from "#platform/ambient";
import { invalidType } from "../arguments.ts";
import { markCopy } from "../copy.ts";
import type { CancellationReason } from "../errors.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import type { OperationFilter } from "../registry/filter.ts";
import type { HistoryQuery } from "../registry/options.ts";
import { OperationRegistry, registry as processRegistry } from "../registry/registry.ts";
import type { RegistryStatistics } from "../registry/statistics.ts";
import type { OperationEvent } from "../registry/store.ts";
import { ThreadBridge } from "./bridge.ts";
import type { BridgeHandle } from "./bridge-handle.ts";
import type { SharedTokenHandle } from "./handle.ts";
import { RemoteOperation } from "./remote-operation.ts";
import { sendable } from "./sendable.ts";

/** The changes of the operations of a thread since the last message, in order. */
export interface Changes {
  /** The number of the thread. Undefined on hosts that do not number threads: there the number of the connection is used. */
  readonly thread: number | undefined;
  readonly changes: readonly Change[];
}

export type Change =
  | { readonly type: OperationEvent["type"]; readonly snapshot: OperationSnapshot }
  | { readonly type: "removed"; readonly id: string };

interface Cancel<T> {
  readonly of: T;
  readonly reason: CancellationReason | undefined;
  readonly message: string | undefined;
}

/** The functions that a {@link RegistryClient} calls. */
// A type and not an interface: handlers have an index signature.
export type RegistryHandlers = {
  readonly list: (filter: OperationFilter | undefined) => OperationSnapshot[];
  readonly get: (id: string) => OperationSnapshot | undefined;
  readonly history: (query: HistoryQuery | undefined) => OperationSnapshot[];
  readonly statistics: () => RegistryStatistics;
  readonly cancel: (cancel: Cancel<string>) => boolean;
  readonly cancelAll: (cancel: Cancel<OperationFilter | undefined>) => number;
  /** Returns a token for each new operation. The thread cancels the operation when the token is cancelled. */
  readonly sync: (changes: Changes) => Array<readonly [id: string, token: SharedTokenHandle]>;
};

/** The name of the bridges, by which a client knows them. */
export const bridgeName = "registry";

/** The bridge to one thread, with the operations of the thread that are in the registry. */
class RegistryBridge extends ThreadBridge<RegistryHandlers> {
  readonly #ended: () => void;

  constructor(handlers: RegistryHandlers, ended: () => void) {
    super(handlers, { name: bridgeName });
    this.#ended = ended;
  }

  /** This bridge is not for calls of the application. */
  protected override register(): Disposable {
    return { [Symbol.dispose]() {} };
  }

  protected override disconnected(): void {
    this.#ended();
    void this.stop();
  }
}

/**
 * Lets other threads read and cancel the operations of a registry, and adds their operations to it. A thread gets a handle of
 * {@link connect} and uses `RegistryClient.attach`. Keeps no thread alive.
 *
 * @example
 * ```ts
 * import { Cancellable, registry } from "@hother/cancelable";
 * import { RegistryClient, RegistryHost } from "@hother/cancelable/threads";
 *
 * const host = new RegistryHost(registry);
 * const job = new Cancellable({ name: "export", register: true });
 * const ended = job.settle((op) => op.sleep({ hours: 1 }));
 * // The other thread gets the handle in a message, with handle.port in the transfer list.
 * const client = RegistryClient.attach(host.connect());
 * const [found] = await client.list({ name: "export" });
 * console.assert(await client.requestCancel(found.id, "shutdown"));
 * console.assert((await ended).status === "cancelled");
 * client.close();
 * ```
 */
export class RegistryHost {
  readonly #registry: OperationRegistry;
  #connections = 0;

  /** @param registry Default: the registry of the process. */
  constructor(registry: OperationRegistry = processRegistry) {
    if (!(registry instanceof OperationRegistry))
      throw invalidType("registry", "an OperationRegistry", registry);
    this.#registry = registry;
  }

  /**
   * A handle for one more thread. Send it with its `port` in the transfer list. The operations of a thread that ends
   * before them have failed.
   */
  connect(): BridgeHandle {
    const registry = this.#registry;
    const connection = ++this.#connections;
    const operations = new Map<string, RemoteOperation>();
    const bridge = new RegistryBridge(
      {
        list: (filter) => registry.list(filter).map(sendable),
        get: (id) => {
          const found = registry.get(id);
          return found === undefined ? undefined : sendable(found);
        },
        history: (query) => registry.history(query).map(sendable),
        statistics: () => registry.statistics(),
        cancel: ({ of, reason, message }) => registry.cancel(of, reason, message),
        cancelAll: ({ of, reason, message }) => registry.cancelAll(of, reason, message),
        sync: ({ thread = connection, changes }) => take(thread, changes, operations, registry),
      },
      () => {
        for (const operation of operations.values()) operation.lose();
        operations.clear();
      },
    );
    runOutside(() => bridge.start());
    return bridge.connect();
  }
}
markCopy(RegistryHost);

/** Applies the changes of a thread. */
function take(
  thread: number,
  changes: readonly Change[],
  operations: Map<string, RemoteOperation>,
  registry: OperationRegistry,
): Array<readonly [id: string, token: SharedTokenHandle]> {
  const added: Array<readonly [string, SharedTokenHandle]> = [];
  for (const change of changes) {
    if (change.type === "removed") {
      const operation = operations.get(change.id);
      operations.delete(change.id);
      operation?.forget();
      if (operation?.hasEnded === false) registry.unregister(change.id);
      continue;
    }
    const { type } = change;
    const snapshot = { ...change.snapshot, metadata: { ...change.snapshot.metadata, thread } };
    let operation = operations.get(snapshot.id);
    if (operation === undefined) {
      operation = new RemoteOperation(snapshot, (id) => operations.get(id));
      if (operation.hasEnded) continue;
      operations.set(snapshot.id, operation);
      registry.register(operation);
      added.push([snapshot.id, operation.tokenHandle]);
    }
    operation.update(type === "registered" ? undefined : type, snapshot);
  }
  return added;
}
