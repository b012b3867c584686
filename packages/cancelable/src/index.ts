/// <reference lib="esnext.disposable" preserve="true" />
// The public names of the package, in chapters. The formatter's import sorting is off for this file, so that they stay.

// ---- tokens ------------------------------------------------------------------------------------
export { CancellationToken } from "./token/token.ts";
export type { CancelOptions } from "./token/cancel.ts";
export { LinkedCancellationToken } from "./token/linked.ts";

// ---- operations --------------------------------------------------------------------------------
export {
  Cancellable,
  type CancellableStream,
  type CancellationPart,
  currentOperation,
} from "./cancellable.ts";
export { type Outcome, unwrap } from "./operation/outcome.ts";
export type { CancellableOptions } from "./operation/options.ts";
export type { ConditionOption, SourceOptions } from "./operation/option-sources.ts";
export { OperationContext, type OperationSnapshot } from "./operation/context.ts";
export type { OperationStatus } from "./operation/status.ts";
export type { Callback, CallbackArguments, CallbackKind, ProgressReport } from "./operation/callbacks.ts";
export type { Progress, ProgressDetail } from "./operation/progress.ts";
export type { ProgressEstimate } from "./operation/estimate.ts";

// ---- structured concurrency, ambient -----------------------------------------------------------
export { type RunOptions, run } from "./backends/run.ts";
export { type TaskGroup, type TaskGroupOptions, taskGroup } from "./scope/task-group.ts";
export {
  type Task,
  TaskCancelledError,
  TaskFailedError,
  type TaskHandle,
  type TaskStatus,
} from "./scope/task.ts";
export { CancelScope } from "./scope/cancel-scope.ts";
export type { Limits, ParentOption, ScopeOptions, ScopeParent } from "./scope/scope-options.ts";
export { all } from "./flow/all.ts";
export { any } from "./flow/any.ts";
export { asCompleted } from "./flow/as-completed.ts";
export { map } from "./flow/map.ts";
export { mapSettled } from "./flow/map-settled.ts";
export { type MapStreamOptions, mapStream } from "./flow/map-stream.ts";
export { type EventIterator, on, type OnOptions } from "./flow/on.ts";
export type { EventOverflow } from "./flow/event-buffer.ts";
export { once, type OnceOptions } from "./flow/once.ts";
export type { EmitterLike } from "./flow/event-listeners.ts";
export { race } from "./flow/race.ts";
export type { RaceOptions } from "./flow/race-in.ts";
export type { ConcurrencyOptions } from "./flow/in-group.ts";
export type { AnyTaskValue, TaskInput, TaskSource, TaskValue, TaskValues } from "./flow/task-input.ts";
export { retry, type RetryAttempt, type RetryOptions } from "./flow/retry.ts";
export type { Backoff, BackoffFunction } from "./flow/backoff.ts";
export { interval, type IntervalOptions } from "./flow/interval.ts";
export { select, type Selected, type SelectOptions } from "./flow/select.ts";
export type { ArmValue, SelectArm } from "./flow/select-arms.ts";
export { type After, after } from "./flow/after.ts";
export { failAfter } from "./flow/fail-after.ts";
export { moveOnAfter } from "./flow/move-on-after.ts";
export { type WithTimeoutOptions, withTimeout } from "./flow/with-timeout.ts";
export { type ShieldOptions, shield } from "./flow/shield.ts";
export { sleep, sleepForever, sleepUntil } from "./flow/sleep.ts";
export { checkpoint } from "./flow/checkpoint.ts";
export { waitFor } from "./flow/wait-for.ts";
export { bind } from "./flow/bind.ts";
export { currentDeadline, currentScope, currentSignal } from "./flow/current.ts";
export type { AmbientScope } from "./scope/ambient-scope.ts";
export { RunVariable, type RunVariableToken } from "./backends/run-variable.ts";

// ---- coordination ------------------------------------------------------------------------------
export { Lock } from "./sync/lock.ts";
export { Semaphore } from "./sync/semaphore.ts";
export { type BorrowOptions, CapacityLimiter } from "./sync/capacity-limiter.ts";
export { Event, Event as AsyncEvent } from "./sync/event.ts";
export { Condition } from "./sync/condition.ts";
export { Deferred, DeferredCancelledError } from "./sync/deferred.ts";
export { Queue } from "./sync/queue.ts";
export { QueueClosedError } from "./sync/queue-closed.ts";
export type { QueueOptions } from "./sync/queue-options.ts";
export { QueueReceiver, QueueSender } from "./sync/queue-ends.ts";
export type { Lease } from "./sync/lease.ts";
export type { Selectable } from "./sync/arm.ts";
export type { AcquireOptions, PermitOptions } from "./sync/demand.ts";
export type { WaitOptions } from "./sync/wait-options.ts";

// ---- wrapping ----------------------------------------------------------------------------------
export { type CancellableWrapper, cancellable, type InjectingWrapper } from "./wrap/wrap.ts";
export { withCancellable } from "./wrap/with-cancellable.ts";
export { withCurrentOperation } from "./wrap/with-current-operation.ts";
export type {
  AnyFunction,
  ArgumentsOf,
  AsyncFunction,
  CancellableFunction,
  EffectiveOptions,
  InjectingOptions,
  Promised,
  WrapOptions,
  Wrapped,
} from "./wrap/options.ts";

// ---- streams -----------------------------------------------------------------------------------
export { cancellableStream } from "./streams/cancellable-stream.ts";
export {
  type CancellableTransform,
  type CancellableTransformOptions,
  cancellableTransform,
} from "./streams/cancellable-transform.ts";
export { type ChunkOptions, chunk } from "./streams/chunk.ts";
export { type DecodeOptions, decode } from "./streams/decode.ts";
export { type LinesOptions, lines } from "./streams/lines.ts";
export { type MergeOptions, merge, type StreamItem } from "./streams/merge.ts";
export type { CancellableStreamOptions } from "./streams/new-operation.ts";
export type { StreamProgress } from "./streams/reading/item-log.ts";
export type { PartialResult } from "./streams/reading/partial-result.ts";
export type { StreamInput } from "./streams/reading/stream-input.ts";
export type { StreamOptions } from "./streams/reading/stream-options.ts";

// ---- observation -------------------------------------------------------------------------------
export { OperationRegistry, type OperationTree, registry } from "./registry/registry.ts";
export { MemoryStore } from "./registry/memory-store.ts";
export type {
  OperationDirectory,
  OperationEvent,
  OperationStore,
  StoredOperation,
} from "./registry/store.ts";
export type { OperationWatcher } from "./registry/watcher.ts";
export type { OperationFilter } from "./registry/filter.ts";
export type { HistoryQuery, RegistryOptions, WatchOptions } from "./registry/options.ts";
export type { DurationStatistics, RegistryStatistics } from "./registry/statistics.ts";
export type { OperationEventName } from "./operation/events.ts";
export type { ObservedOperation, OperationObserver } from "./operation/observer.ts";
export { type Reporter, report, setReporter } from "./reporter.ts";

// ---- sources -----------------------------------------------------------------------------------
export { CancellationSource, type SourceSink } from "./sources/source.ts";
export { TimeoutSource } from "./sources/timeout-source.ts";
export { DeadlineSource } from "./sources/deadline-source.ts";
export { TokenSource } from "./sources/token-source.ts";
export { type AbortSignalOptions, AbortSignalSource } from "./sources/abort-signal-source.ts";
export { type SignalName, SignalSource } from "./sources/signal-source.ts";
export { SignalReceiver } from "./sources/signal-receiver.ts";
export { type ConditionOptions, ConditionSource } from "./sources/condition-source.ts";
export {
  type ResourceOptions,
  type ResourceReader,
  ResourceSource,
  type ResourceThresholds,
} from "./sources/resource-source.ts";
export { AllOfSource, AnyOfSource } from "./sources/composite-source.ts";

// ---- errors ------------------------------------------------------------------------------------
export {
  type AnyCancellation,
  CancellationError,
  type CancellationJson,
  type CancellationErrorOptions,
  type CancellationReason,
  ConditionCancellation,
  ManualCancellation,
  type OtherCancellation,
  ParentCancellation,
  SignalCancellation,
  TimeoutCancellation,
} from "./errors.ts";
export { LagError } from "./lag-error.ts";
export { isCancellation } from "./is-cancellation.ts";
export { cancellationOf } from "./cancellation-of.ts";
export { UsageError, type UsageErrorCode } from "./usage-error.ts";
export type { Duration, Span } from "./duration.ts";

// ---- backends ----------------------------------------------------------------------------------
export { AsyncBackend } from "./backends/backend.ts";
export { detectBackend, getBackend, registerBackend } from "./backends/detect.ts";
export { NativeTask, type NativeTaskEvents } from "./backends/native-task.ts";
