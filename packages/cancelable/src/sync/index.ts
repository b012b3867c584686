/// <reference lib="esnext.disposable" preserve="true" />

export { LagError } from "../lag-error.ts";
export { Barrier } from "./barrier.ts";
export { Broadcast, type BroadcastOptions, type SubscribeOptions } from "./broadcast.ts";
export { Keyed, type KeyedPrimitive } from "./keyed.ts";
export { PriorityQueue, type PriorityQueueOptions } from "./priority-queue.ts";
export { RateLimiter, type RateLimiterOptions, type RateOptions } from "./rate-limiter.ts";
export { ReadWriteLock } from "./read-write-lock.ts";
export { Subscription } from "./subscription.ts";
