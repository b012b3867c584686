import type { CancellationReason } from "../errors.ts";
import type { OperationContext, OperationSnapshot } from "../operation/context.ts";
import type { OperationEventName } from "../operation/events.ts";
import { notify, type ObservedOperation, type OperationObserver } from "../operation/observer.ts";
import { hasEnded } from "../operation/status.ts";
import { SharedCancellationToken } from "./shared-token.ts";

/** An operation of another thread, in the registry of this one. Its facts are those of the last message. */
export class RemoteOperation implements ObservedOperation {
  #snapshot: OperationSnapshot;
  readonly #observers: OperationObserver[] = [];
  /** Cancelled by this thread. The other thread follows it. */
  readonly #token = new SharedCancellationToken();
  readonly #find: (id: string) => RemoteOperation | undefined;

  /** @param find Finds an operation of the same thread. */
  constructor(snapshot: OperationSnapshot, find: (id: string) => RemoteOperation | undefined) {
    this.#snapshot = snapshot;
    this.#find = find;
  }

  get id(): string {
    return this.#snapshot.id;
  }
  get name(): string | undefined {
    return this.#snapshot.name;
  }
  get parent(): RemoteOperation | undefined {
    const { parentId } = this.#snapshot;
    return parentId === undefined ? undefined : this.#find(parentId);
  }
  get hasEnded(): boolean {
    return hasEnded(this.#snapshot.status);
  }
  get tokenHandle(): SharedCancellationToken["handle"] {
    return this.#token.handle;
  }

  get context(): OperationContext {
    const { id, name, status, parentId, metadata } = this.#snapshot;
    // Registries read these members only.
    const context: Partial<OperationContext> = {
      id,
      name,
      status,
      parentId,
      metadata,
      isTerminal: this.hasEnded,
      toJSON: () => ({ ...this.#snapshot, metadata: { ...metadata } }),
    };
    return context as OperationContext;
  }

  /** Cancels the operation in its thread. The thread sees the cancellation with its next event. */
  cancel(reason?: CancellationReason, message?: string): boolean {
    if (this.hasEnded || this.#snapshot.cancelRequested) return false;
    return this.#token.cancel(reason, message);
  }

  observe(observer: OperationObserver): void {
    this.#observers.push(observer);
  }

  /** A change of the operation in the other thread. */
  update(event: OperationEventName | undefined, snapshot: OperationSnapshot): void {
    this.#snapshot = snapshot;
    if (event !== undefined) for (const observer of this.#observers) notify(observer, event, this);
    if (this.hasEnded) this.#token.close();
  }

  /** The thread of the operation has ended before the operation. */
  lose(): void {
    if (this.hasEnded) return;
    const errorMessage = "the thread of the operation has ended";
    this.update("ended", {
      ...this.#snapshot,
      status: "failed",
      endTime: new Date().toISOString(),
      errorMessage,
    });
  }

  /** The operation is not in a registry any more. */
  forget(): void {
    this.#token.close();
  }
}
