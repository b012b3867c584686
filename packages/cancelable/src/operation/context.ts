import type { CancellationReason } from "../errors.ts";
import type { ProgressEstimate } from "./estimate.ts";
import type { Progress } from "./progress.ts";

/** Where an operation is in its life. A timeout is `cancelled` with reason `timeout`. */
export type OperationStatus = "pending" | "running" | "shielded" | "completed" | "cancelled" | "failed";

/** An operation's facts as plain data. */
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
  readonly error: string | undefined;
  readonly metadata: Record<string, unknown>;
  readonly parentId: string | undefined;
  readonly progress: Progress | undefined;
  readonly estimate: ProgressEstimate | undefined;
}

/** What the context reads; the operation keeps the facts. */
export interface OperationFacts {
  readonly id: string;
  readonly name: string | undefined;
  readonly status: OperationStatus;
  readonly startTime: Date | undefined;
  readonly endTime: Date | undefined;
  readonly duration: number | undefined;
  readonly cancelReason: CancellationReason | undefined;
  readonly cancelMessage: string | undefined;
  readonly errorMessage: string | undefined;
  readonly metadata: Record<string, unknown>;
  readonly parentId: string | undefined;
  readonly progress: Progress | undefined;
  readonly estimate: ProgressEstimate | undefined;
}

/** A live view on what an operation knows about itself. `toJSON()` takes a snapshot. */
export class OperationContext {
  readonly #facts: OperationFacts;

  /** What a consumer keeps of what was done before the end. Set by whoever did it. */
  partialResult: unknown = undefined;

  /** @internal */
  constructor(facts: OperationFacts) {
    this.#facts = facts;
  }

  get id(): string {
    return this.#facts.id;
  }
  get name(): string | undefined {
    return this.#facts.name;
  }
  get status(): OperationStatus {
    return this.#facts.status;
  }
  /** When it started; undefined before. */
  get startTime(): Date | undefined {
    return this.#facts.startTime;
  }
  get endTime(): Date | undefined {
    return this.#facts.endTime;
  }
  /** Milliseconds since the start, or from start to end; on a monotonic clock. */
  get duration(): number | undefined {
    return this.#facts.duration;
  }
  /** Whether cancellation was asked for, whatever became of it. */
  get cancelRequested(): boolean {
    return this.#facts.cancelReason !== undefined;
  }
  get cancelReason(): CancellationReason | undefined {
    return this.#facts.cancelReason;
  }
  get cancelMessage(): string | undefined {
    return this.#facts.cancelMessage;
  }
  /** The message of the error that a failed operation ended with. */
  get error(): string | undefined {
    return this.#facts.errorMessage;
  }
  /** The user's data; `cancelledBy` names the source that cancelled the operation. */
  get metadata(): Record<string, unknown> {
    return this.#facts.metadata;
  }
  get parentId(): string | undefined {
    return this.#facts.parentId;
  }
  /** The latest report. */
  get progress(): Progress | undefined {
    return this.#facts.progress;
  }
  /** How much is done, how fast and for how long still, from the figures of the reports. */
  get estimate(): ProgressEstimate | undefined {
    return this.#facts.estimate;
  }
  /** Whether it has ended. */
  get isTerminal(): boolean {
    const { status } = this;
    return status === "completed" || status === "cancelled" || status === "failed";
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
      error: this.error,
      metadata: { ...metadata },
      parentId: this.parentId,
      progress: typeof this.progress === "object" ? { ...this.progress } : this.progress,
      estimate: this.estimate,
    };
  }
}
