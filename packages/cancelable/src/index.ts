// ---- tokens

// ---- backends
export { AsyncBackend } from "./backends/backend.ts";
// ---- structured concurrency, ambient
export { detectBackend, getBackend, type RunOptions, registerBackend, run } from "./backends/detect.ts";
export { NativeTask, type NativeTaskEvents } from "./backends/native-task.ts";
export { RunVariable, type RunVariableToken } from "./backends/run-variable.ts";
// ---- operations
export {
  Cancellable,
  type CancellationPart,
  currentOperation,
  type Outcome,
} from "./cancellable.ts";
export type { Duration, Span } from "./duration.ts";
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
export { all, type ConcurrencyOptions, type Work, type WorkValue, type WorkValues } from "./flow/all.ts";
export { any } from "./flow/any.ts";
export { asCompleted } from "./flow/as-completed.ts";
export { checkpoint } from "./flow/checkpoint.ts";
export { currentDeadline, currentSignal } from "./flow/current.ts";
export { failAfter } from "./flow/fail-after.ts";
export { map } from "./flow/map.ts";
export { moveOnAfter, type TimedScopeOptions } from "./flow/move-on-after.ts";
export { race } from "./flow/race.ts";
export { type ShieldOptions, shield } from "./flow/shield.ts";
export { sleep, sleepForever, sleepUntil } from "./flow/sleep.ts";
export { waitFor } from "./flow/wait-for.ts";
export { withTimeout } from "./flow/with-timeout.ts";
export type { Callback, CallbackArguments, CallbackKind } from "./operation/callbacks.ts";
export { OperationContext, type OperationSnapshot, type OperationStatus } from "./operation/context.ts";
export type { ProgressEstimate } from "./operation/estimate.ts";
export type { ObservedOperation, OperationObserver } from "./operation/observer.ts";
export type { CancellableOptions } from "./operation/options.ts";
export type { Progress, ProgressDetail } from "./operation/progress.ts";
// ---- observation
export type { OperationFilter } from "./registry/filter.ts";
export { MemoryStore } from "./registry/memory-store.ts";
export type { HistoryQuery, RegistryOptions, WatchOptions } from "./registry/options.ts";
export { OperationRegistry, type OperationTree, registry } from "./registry/registry.ts";
export type { DurationStatistics, RegistryStatistics } from "./registry/statistics.ts";
export type { OperationEvent, OperationStore, StoredOperation } from "./registry/store.ts";
export { type Reporter, setReporter } from "./reporter.ts";
export {
  CancelScope,
  type CancelScopeOptions,
  type ParentOption,
  type ScopeParent,
} from "./scope/cancel-scope.ts";
export {
  type Task,
  TaskCancelledError,
  TaskFailedError,
  type TaskHandle,
  type TaskStatus,
} from "./scope/task.ts";
export { type TaskGroup, type TaskGroupOptions, taskGroup } from "./scope/task-group.ts";
export { AbortSignalSource } from "./sources/abort-signal-source.ts";
export { AllOfSource, AnyOfSource } from "./sources/composite-source.ts";
export { type ConditionOptions, ConditionSource } from "./sources/condition-source.ts";
export { DeadlineSource } from "./sources/deadline-source.ts";
export {
  type ResourceOptions,
  type ResourceReader,
  ResourceSource,
  type ResourceThresholds,
} from "./sources/resource-source.ts";
export { SignalReceiver } from "./sources/signal-receiver.ts";
export { type SignalName, SignalSource } from "./sources/signal-source.ts";
// ---- sources
export { CancellationSource, type SourceSink } from "./sources/source.ts";
export { TimeoutSource } from "./sources/timeout-source.ts";
export { TokenSource } from "./sources/token-source.ts";
// ---- streams
export { cancellableStream } from "./streams/cancellable-stream.ts";
export {
  type CancellableTransform,
  type CancellableTransformOptions,
  cancellableTransform,
} from "./streams/cancellable-transform.ts";
export { chunk } from "./streams/chunk.ts";
export { merge, type StreamItem } from "./streams/merge.ts";
export type { CancellableStreamOptions } from "./streams/new-operation.ts";
export type { CancellableStream } from "./streams/operation-stream.ts";
export type { StreamProgress } from "./streams/reading/item-log.ts";
export type { PartialResult } from "./streams/reading/partial-result.ts";
export type { StreamInput } from "./streams/reading/stream-input.ts";
export type { StreamOptions } from "./streams/reading/stream-options.ts";
export { CapacityLimiter } from "./sync/capacity-limiter.ts";
export { Condition } from "./sync/condition.ts";
export { Deferred, DeferredCancelledError } from "./sync/deferred.ts";
export { Event } from "./sync/event.ts";
export type { Lease } from "./sync/lease.ts";
// ---- coordination
export { Lock } from "./sync/lock.ts";
export { Queue, QueueClosedError } from "./sync/queue.ts";
export { QueueReceiver, QueueSender } from "./sync/queue-ends.ts";
export { Semaphore } from "./sync/semaphore.ts";
export { LinkedCancellationToken } from "./token/linked.ts";
export { CancellationToken } from "./token/token.ts";
export { UsageError, type UsageErrorCode } from "./usage-error.ts";
export type {
  AnyFunction,
  AsyncFunction,
  CancellableFunction,
  EffectiveOptions,
  InjectingOptions,
  Promised,
  WrapOptions,
  Wrapped,
} from "./wrap/options.ts";
export { withCancellable } from "./wrap/with-cancellable.ts";
export { withCurrentOperation } from "./wrap/with-current-operation.ts";
// ---- wrapping
export { type CancellableWrapper, cancellable, type InjectingWrapper } from "./wrap/wrap.ts";
