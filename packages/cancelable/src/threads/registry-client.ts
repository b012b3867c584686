import { runOutside } from "#platform/ambient";
import { threadId } from "#platform/thread-port";
import { invalidType } from "../arguments.ts";
import { markCopy } from "../copy.ts";
import type { CancellationReason } from "../errors.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import type { OperationFilter } from "../registry/filter.ts";
import type { HistoryQuery } from "../registry/options.ts";
import type { RegistryStatistics } from "../registry/statistics.ts";
import type {
  OperationDirectory,
  OperationEvent,
  OperationStore,
  StoredOperation,
} from "../registry/store.ts";
import { report } from "../reporter.ts";
import { BridgeCaller } from "./bridge-caller.ts";
import { type BridgeHandle, requireBridgeHandle } from "./bridge-handle.ts";
import { bridgeName, type Change, type RegistryHandlers } from "./registry-host.ts";
import { sendable } from "./sendable.ts";
import { SharedCancellationToken } from "./shared-token.ts";

/** One client for each port: a port has one receiver. */
const clients = new WeakMap<BridgeHandle["port"], RegistryClient>();

/** An operation of this thread that is in the registry of the other. */
interface Published {
  readonly operation: StoredOperation;
  token: SharedCancellationToken | undefined;
}

/**
 * The registry of another thread. Every result is of one moment. As the `store` of a registry of this thread it adds the
 * operations of this thread to the other registry, with the number of the thread as `thread` in their metadata. The
 * other thread can cancel them. This thread sees such a cancellation with its next event.
 *
 * @example
 * ```ts
 * import { Cancellable, OperationRegistry } from "@hother/cancelable";
 * import { RegistryClient, RegistryHost } from "@hother/cancelable/threads";
 *
 * const main = new OperationRegistry();
 * // In the other thread:
 * const client = RegistryClient.attach(new RegistryHost(main).connect());
 * const mine = new OperationRegistry({ store: client });
 * const job = new Cancellable({ name: "resize" });
 * mine.register(job);
 * const ended = job.settle((op) => op.sleep({ hours: 1 }));
 * await client.synced();
 * console.assert(main.list()[0].name === "resize");
 * main.cancelAll();
 * console.assert((await ended).status === "cancelled");
 * await client.synced();
 * client.close();
 * ```
 */
export class RegistryClient implements OperationStore, Omit<OperationDirectory, "watch">, Disposable {
  readonly #caller: BridgeCaller<RegistryHandlers>;
  readonly #published = new Map<string, Published>();
  /** The changes that have not been sent to the other thread. */
  #changes: Change[] = [];
  #sending: Promise<void> | undefined = undefined;

  /** @internal Use {@link attach}. */
  constructor(handle: BridgeHandle) {
    this.#caller = new BridgeCaller(handle) as unknown as BridgeCaller<RegistryHandlers>; // `attach` has checked the bridge
  }

  /**
   * The registry for a handle of `RegistryHost.connect`. A second call with the same handle returns the same object.
   *
   * @throws TypeError or RangeError for a value that is no such handle. UsageError `ERR_OTHER_VERSION`.
   */
  static attach(handle: BridgeHandle): RegistryClient {
    requireBridgeHandle(handle);
    if (handle.name !== bridgeName || !handle.handlers.includes("sync"))
      throw invalidType("handle", "the handle of a RegistryHost", handle);
    let client = clients.get(handle.port);
    if (client === undefined) {
      client = new RegistryClient(handle);
      clients.set(handle.port, client);
    }
    return client;
  }

  // ---- reading ----------------------------------------------------------------------------------

  /** The live operations that match the filter, as `registry.list` returns them. */
  list(filter?: OperationFilter): Promise<OperationSnapshot[]> {
    return this.#caller.call("list", filter);
  }

  /** The live operation with this id. */
  get(id: string): Promise<OperationSnapshot | undefined> {
    return this.#caller.call("get", id);
  }

  /** Operations that have ended, oldest first. */
  history(query?: HistoryQuery): Promise<OperationSnapshot[]> {
    return this.#caller.call("history", query);
  }

  statistics(): Promise<RegistryStatistics> {
    return this.#caller.call("statistics");
  }

  // ---- actions ----------------------------------------------------------------------------------

  /** Cancels the operations with this id. Resolves, when they are cancelled, as `registry.cancel` returns. */
  requestCancel(id: string, reason?: CancellationReason, message?: string): Promise<boolean> {
    return this.#caller.call("cancel", { of: id, reason, message });
  }

  /** Cancels the operations that match the filter. Resolves with their number when they are cancelled. */
  cancelAll(filter?: OperationFilter, reason?: CancellationReason, message?: string): Promise<number> {
    return this.#caller.call("cancelAll", { of: filter, reason, message });
  }

  // ---- the operations of this thread ------------------------------------------------------------

  /** Called by a registry of this thread. */
  put(operation: StoredOperation, type: OperationEvent["type"]): void {
    const snapshot = sendable(operation.snapshot());
    if (!this.#published.has(operation.id))
      this.#published.set(operation.id, { operation, token: undefined });
    const last = this.#changes.at(-1);
    // Of several reports of progress that wait to be sent, only the newest is sent.
    if (type === "progress" && last?.type === "progress" && last.snapshot.id === snapshot.id)
      this.#changes.pop();
    this.#add({ type, snapshot });
  }

  /** Called by a registry of this thread. */
  remove(id: string): void {
    this.#published.get(id)?.token?.close();
    this.#published.delete(id);
    this.#add({ type: "removed", id });
  }

  /** Resolves when the other thread knows everything that {@link put} and {@link remove} were called with. */
  async synced(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending;
  }

  #add(change: Change): void {
    this.#changes.push(change);
    // The message is not sent in the scope of the operation, which can be cancelled.
    this.#sending ??= runOutside(() => this.#send());
  }

  async #send(): Promise<void> {
    // The message is sent after the code that is running, which may change more.
    await Promise.resolve();
    try {
      while (this.#changes.length > 0) {
        const changes = this.#changes;
        this.#changes = [];
        for (const [id, handle] of await this.#caller.call("sync", { thread: threadId, changes }))
          this.#follow(id, handle);
      }
    } catch (error) {
      this.#changes = [];
      report(error, "the registry of another thread");
    } finally {
      this.#sending = undefined;
    }
  }

  #follow(id: string, handle: SharedCancellationToken["handle"]): void {
    const published = this.#published.get(id);
    if (published === undefined) return; // the operation has ended meanwhile
    const token = SharedCancellationToken.attach(handle);
    published.token = token;
    token.onCancel(({ reason, message }) => void published.operation.cancel(reason, message));
  }

  /** Ends the use of the registry in this thread. For the other thread, the operations of this one have ended. */
  close(): void {
    for (const { token } of this.#published.values()) token?.close();
    this.#caller.close();
  }

  /** The same as {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}
markCopy(RegistryClient);
