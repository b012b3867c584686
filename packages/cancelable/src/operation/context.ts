import { show } from "../arguments.ts";
import type { CancellationReason } from "../errors.ts";
import { isError } from "../realms.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Cancellation } from "../token/cancellation.ts";
import type { ProgressEstimate } from "./estimate.ts";
import type { Progress } from "./progress.ts";
import type { ProgressLedger } from "./progress-ledger.ts";
import { hasEnded, type OperationStatus } from "./status.ts";

/** The latest time that a `Date` can have, in ms. Virtual time can go beyond. */
const lastDate = 8.64e15;
const toDate = (epoch: number): Date => new Date(Math.min(Math.max(epoch, -lastDate), lastDate));

/** The state of an operation at one time, as plain data. */
export interface OperationSnapshot {
  readonly id: string;
  readonly name: string | undefined;
  readonly status: OperationStatus;
  readonly startTime: string | undefined;
  readonly endTime: string | undefined;
  /** Milliseconds. */
  readonly duration: number | undefined;
  readonly cancelRequested: boolean;
  readonly cancelReason: CancellationReason | undefined;
  readonly cancelMessage: string | undefined;
  readonly errorMessage: string | undefined;
  readonly metadata: Record<string, unknown>;
  readonly parentId: string | undefined;
  readonly progress: Progress | undefined;
  readonly estimate: ProgressEstimate | undefined;
}

/** The state of an operation that the context reads. */
export interface OperationState {
  readonly id: string;
  readonly name: string | undefined;
  readonly status: OperationStatus;
  readonly parentId: string | undefined;
  readonly node: { readonly clock: Clock };
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly cancellation: Cancellation | undefined;
  readonly ending: { readonly error: unknown } | undefined;
  readonly ledger: ProgressLedger | undefined;
  readonly sources: { readonly cancelledBy: string | undefined } | undefined;
  ownMetadata: Record<string, unknown> | undefined;
}

/** A live view of the state of an operation. `toJSON()` returns a snapshot. */
export class OperationContext {
  readonly #state: OperationState;
  /** Computed on first use, and kept: the wall clock can be changed later. */
  #startTime: Date | undefined = undefined;
  #endTime: Date | undefined = undefined;

  /** The part of the result that exists before the end. Set by the code of the operation, or by a stream. */
  partialResult: unknown = undefined;

  /** @internal */
  constructor(state: OperationState) {
    this.#state = state;
  }

  get id(): string {
    return this.#state.id;
  }
  get name(): string | undefined {
    return this.#state.name;
  }
  get status(): OperationStatus {
    return this.#state.status;
  }
  /** The time of the start on the wall clock. Undefined before the start. */
  get startTime(): Date | undefined {
    const { startedAt, node } = this.#state;
    if (startedAt === undefined) return undefined;
    const { runtime } = node.clock;
    this.#startTime ??= toDate(runtime.epoch() - (runtime.now() - startedAt));
    return this.#startTime;
  }
  /** The start time plus the duration: a wall clock that is set meanwhile has no effect. Undefined before the end. */
  get endTime(): Date | undefined {
    const { startTime } = this;
    if (startTime === undefined || this.#state.endedAt === undefined) return undefined;
    this.#endTime ??= toDate(startTime.getTime() + (this.duration as number)); // the operation has started
    return this.#endTime;
  }
  /** The time from the start to the end, or to now, in ms on a monotonic clock. Undefined before the start. */
  get duration(): number | undefined {
    const { startedAt, endedAt, node } = this.#state;
    return startedAt === undefined ? undefined : (endedAt ?? node.clock.now()) - startedAt;
  }
  /** Whether cancellation was requested. The operation can still have completed or failed. */
  get cancelRequested(): boolean {
    return this.#state.cancellation !== undefined;
  }
  get cancelReason(): CancellationReason | undefined {
    return this.#state.cancellation?.reason;
  }
  get cancelMessage(): string | undefined {
    return this.#state.cancellation?.error.message;
  }
  /** The error of a failed operation. It is in an object, because any value can be thrown. */
  get failure(): { readonly error: unknown } | undefined {
    return this.status === "failed" ? this.#state.ending : undefined;
  }
  /** The message of the error of a failed operation. */
  get errorMessage(): string | undefined {
    const { failure } = this;
    if (failure === undefined) return undefined;
    const { error } = failure;
    if (typeof error === "string") return error;
    try {
      return isError(error) ? error.message : show(error);
    } catch {
      return "an error that cannot be read";
    }
  }
  /** The user's data, and `cancelledBy`: the name of the source that cancelled the operation. */
  get metadata(): Record<string, unknown> {
    const state = this.#state;
    state.ownMetadata ??= {};
    const cancelledBy = state.sources?.cancelledBy;
    if (cancelledBy !== undefined) state.ownMetadata.cancelledBy ??= cancelledBy;
    return state.ownMetadata;
  }
  get parentId(): string | undefined {
    return this.#state.parentId;
  }
  /** The latest progress report. */
  get progress(): Progress | undefined {
    return this.#state.ledger?.latest;
  }
  /** The completed fraction, the rate and the remaining time, estimated from the progress reports. */
  get estimate(): ProgressEstimate | undefined {
    return this.#state.ledger?.tracker.estimate;
  }
  /** Whether the operation has ended. */
  get isTerminal(): boolean {
    return hasEnded(this.status);
  }

  toJSON(): OperationSnapshot {
    const { startTime, endTime, metadata } = this;
    return {
      id: this.id,
      name: this.name,
      status: this.status,
      startTime: startTime?.toISOString(),
      endTime: endTime?.toISOString(),
      duration: this.duration,
      cancelRequested: this.cancelRequested,
      cancelReason: this.cancelReason,
      cancelMessage: this.cancelMessage,
      errorMessage: this.errorMessage,
      metadata: { ...metadata },
      parentId: this.parentId,
      progress: typeof this.progress === "object" ? { ...this.progress } : this.progress,
      estimate: this.estimate,
    };
  }
}
