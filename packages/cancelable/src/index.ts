// ---- tokens
export { CancellationToken } from "./token/token.ts";
export { LinkedCancellationToken } from "./token/linked.ts";

// ---- operations
export {
  Cancellable,
  type CancellableOptions,
  type CancellationPart,
  currentOperation,
  type Outcome,
} from "./operation/cancellable.ts";
export { OperationContext, type OperationSnapshot, type OperationStatus } from "./operation/context.ts";
export type { Progress, ProgressDetail } from "./operation/progress.ts";
export type { Callback, CallbackArguments, CallbackKind } from "./operation/callbacks.ts";

// ---- structured concurrency, ambient
export { run, type RunOptions } from "./backends/detect.ts";
export { taskGroup, type TaskGroup, type TaskGroupOptions } from "./scope/task-group.ts";
export { type Task, TaskCancelledError, TaskFailedError, type TaskStatus } from "./scope/task.ts";
export { all, type ConcurrencyOptions, type Work, type WorkValues } from "./flow/all.ts";
export { race } from "./flow/race.ts";
export { any } from "./flow/any.ts";
export { map } from "./flow/map.ts";
export { moveOnAfter, type TimedScopeOptions } from "./flow/move-on-after.ts";
export { failAfter } from "./flow/fail-after.ts";
export { withTimeout } from "./flow/with-timeout.ts";
export { shield, type ShieldOptions } from "./flow/shield.ts";
export { sleep, sleepForever, sleepUntil } from "./flow/sleep.ts";
export { checkpoint } from "./flow/checkpoint.ts";
export { waitFor } from "./flow/wait-for.ts";
export { currentDeadline, currentSignal } from "./flow/current.ts";
export { CancelScope, type CancelScopeOptions, type ParentOption, type ScopeParent } from "./scope/cancel-scope.ts";

// ---- coordination
export { Lock } from "./sync/lock.ts";
export { Semaphore } from "./sync/semaphore.ts";
export { CapacityLimiter } from "./sync/capacity-limiter.ts";
export { Event } from "./sync/event.ts";
export { Condition } from "./sync/condition.ts";
export { Queue, QueueClosedError } from "./sync/queue.ts";
export type { Lease } from "./sync/lease.ts";

// ---- sources
export { CancellationSource, type SourceSink } from "./sources/source.ts";
export { TimeoutSource } from "./sources/timeout-source.ts";
export { DeadlineSource } from "./sources/deadline-source.ts";
export { TokenSource } from "./sources/token-source.ts";
export { AbortSignalSource } from "./sources/abort-signal-source.ts";
export { type SignalName, SignalSource } from "./sources/signal-source.ts";
export { type ConditionOptions, ConditionSource } from "./sources/condition-source.ts";
export {
  type ResourceOptions,
  type ResourceReader,
  ResourceSource,
  type ResourceThresholds,
} from "./sources/resource-source.ts";
export { AllOfSource, AnyOfSource } from "./sources/composite-source.ts";

// ---- errors
export {
  CancellationError,
  type CancellationErrorOptions,
  type CancellationReason,
  ConditionCancellation,
  isCancellation,
  ManualCancellation,
  ParentCancellation,
  SignalCancellation,
  TimeoutCancellation,
} from "./errors.ts";
export { UsageError, type UsageErrorCode } from "./usage.ts";
export { type Reporter, setReporter } from "./reporter.ts";
export type { Duration, Span } from "./duration.ts";

// ---- backends
export { AsyncBackend } from "./backends/backend.ts";
export { detectBackend, getBackend, registerBackend } from "./backends/detect.ts";
