import type { CancellationReason } from "../errors.ts";
import { report } from "../reporter.ts";
import type { OperationContext } from "./context.ts";
import type { OperationEventName } from "./events.ts";

/** An operation as whoever watches operations sees it. */
export interface ObservedOperation {
  readonly id: string;
  readonly name: string | undefined;
  readonly context: OperationContext;
  readonly parent: ObservedOperation | undefined;
  cancel(reason?: CancellationReason, message?: string): boolean;
  /** Tells `observer` too, from now on. */
  observe(observer: OperationObserver): void;
}

/** Told of the life of operations, synchronously: a registry. What it throws is reported, and changes nothing. */
export interface OperationObserver {
  started(operation: ObservedOperation): void;
  progress(operation: ObservedOperation): void;
  cancelling(operation: ObservedOperation): void;
  ended(operation: ObservedOperation): void;
}

/** Tells an observer, if there is one. */
export function notify(
  observer: OperationObserver | undefined,
  event: OperationEventName,
  operation: ObservedOperation,
): void {
  try {
    observer?.[event](operation);
  } catch (error) {
    report(error, "an observer of operations");
  }
}

/** Several at once, in order. */
class ObserverList implements OperationObserver {
  readonly observers: readonly OperationObserver[];
  constructor(observers: readonly OperationObserver[]) {
    this.observers = observers;
  }
  started(operation: ObservedOperation): void {
    for (const observer of this.observers) notify(observer, "started", operation);
  }
  progress(operation: ObservedOperation): void {
    for (const observer of this.observers) notify(observer, "progress", operation);
  }
  cancelling(operation: ObservedOperation): void {
    for (const observer of this.observers) notify(observer, "cancelling", operation);
  }
  ended(operation: ObservedOperation): void {
    for (const observer of this.observers) notify(observer, "ended", operation);
  }
}

/** Those that there are, each told once. */
export function observerList(
  observers: ReadonlyArray<OperationObserver | undefined>,
): OperationObserver | undefined {
  const flat = observers.flatMap((one) => (one instanceof ObserverList ? one.observers : one));
  const distinct = [...new Set(flat.filter((observer) => observer !== undefined))];
  return distinct.length > 1 ? new ObserverList(distinct) : distinct[0];
}

/** Who is told of operations with `register: true`. */
let standing: OperationObserver | undefined;

export function setStandingObserver(observer: OperationObserver): void {
  standing = observer;
}

export function standingObserver(): OperationObserver | undefined {
  return standing;
}

/** Who is told of every operation that starts from now on: once for each time that it was asked for. */
let everyone: readonly OperationObserver[] = [];
let all: OperationObserver | undefined;

/** Tells `observer` of every operation that starts, until what this returns is disposed of. */
export function observeAll(observer: OperationObserver): Disposable {
  let over = false;
  setEveryone([...everyone, observer]);
  return {
    [Symbol.dispose]() {
      if (over) return;
      over = true;
      const place = everyone.lastIndexOf(observer);
      setEveryone(everyone.filter((_, index) => index !== place));
    },
  };
}

function setEveryone(observers: readonly OperationObserver[]): void {
  everyone = observers;
  all = observerList(observers);
}

export function observerOfAll(): OperationObserver | undefined {
  return all;
}
