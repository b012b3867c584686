import type { CircuitState, IBackoffFactory, IDefaultPolicyContext, IPolicy } from "cockatiel";

/*
 * The parts of cockatiel's policies that its types declare private. They are the same in 3.2 and in 4.0. The kinds are told by
 * their members and not by their classes, because a program can load cockatiel twice: as a module and by require().
 */

export type Work<T> = (context: IDefaultPolicyContext, ...rest: unknown[]) => T | PromiseLike<T>;

/** The result of a call that did not throw, or whose error the policy handles. */
export type Result<T> = { readonly success: T } | { readonly value: T } | { readonly error: unknown };

interface Emitter<T> {
  emit(event: T): void;
}

/** Calls a function for a policy, and decides whether its error or its value is one that the policy handles. */
export interface Executor {
  readonly errorFilter: (error: unknown) => boolean;
  invoke<T>(fn: Work<T>, context: IDefaultPolicyContext & { readonly attempt: number }): Promise<Result<T>>;
}

export interface Retry extends IPolicy {
  readonly executor: Executor;
  readonly options: {
    readonly backoff?: IBackoffFactory<unknown> | undefined;
    readonly maxAttempts: number;
    readonly unref?: boolean | undefined;
  };
  readonly onRetryEmitter: Emitter<Result<unknown> & { readonly delay: number; readonly attempt: number }>;
  readonly onGiveUpEmitter: Emitter<Result<unknown>>;
}

interface QueuedCall {
  readonly fn: unknown;
  reject(error: unknown): void;
}

export interface Bulkhead extends IPolicy {
  readonly queue: QueuedCall[];
}

export interface BreakerState {
  readonly value: CircuitState;
  /** Since 4.0: the end of a test, for which other calls wait. */
  readonly decision?: { resolve(): void };
}

export interface Breaker extends IPolicy {
  readonly executor: Executor;
  innerState: BreakerState;
  readonly stateChangeEmitter: Emitter<CircuitState>;
}

export interface Merged extends IPolicy {
  readonly wrapped: readonly IPolicy[];
}

export const isMerged = (policy: IPolicy): policy is Merged =>
  Array.isArray((policy as Partial<Merged>).wrapped);

export const isBulkhead = (policy: IPolicy): policy is Bulkhead =>
  Array.isArray((policy as Partial<Bulkhead>).queue);

export const isRetry = (policy: IPolicy): policy is Retry =>
  typeof (policy as Partial<Retry>).onRetryEmitter?.emit === "function";

export const isTimeout = (policy: IPolicy): boolean =>
  typeof (policy as { readonly timeoutEmitter?: unknown }).timeoutEmitter === "object";

export const isBreaker = (policy: IPolicy): policy is Breaker =>
  typeof (policy as Partial<Breaker>).innerState === "object";

export const executorOf = (policy: IPolicy): Executor | undefined =>
  (policy as { readonly executor?: Executor }).executor;
