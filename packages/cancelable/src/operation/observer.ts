import type { CancellationReason } from "../errors.ts";
import type { OperationContext } from "./context.ts";

/** An operation as whoever watches operations sees it. */
export interface ObservedOperation {
  readonly id: string;
  readonly name: string | undefined;
  readonly context: OperationContext;
  readonly parent: ObservedOperation | undefined;
  cancel(reason?: CancellationReason, message?: string): boolean;
}

/** Told of the life of operations, synchronously: a registry. It never throws. */
export interface OperationObserver {
  started(operation: ObservedOperation): void;
  progressed(operation: ObservedOperation): void;
  cancelled(operation: ObservedOperation): void;
  ended(operation: ObservedOperation): void;
}

/** Who is told of operations with `register: true`. */
let standing: OperationObserver | undefined;

export function setStandingObserver(observer: OperationObserver): void {
  standing = observer;
}

export function standingObserver(): OperationObserver | undefined {
  return standing;
}

/** Who is told of every operation that starts from now on. */
let everyone: OperationObserver | undefined;

export function setObserverOfAll(observer: OperationObserver | undefined): void {
  everyone = observer;
}

export function observerOfAll(): OperationObserver | undefined {
  return everyone;
}
