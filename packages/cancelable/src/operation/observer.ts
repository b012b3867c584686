import type { CancellationReason } from "../errors.ts";
import { report } from "../reporter.ts";
import type { OperationContext } from "./context.ts";
import type { OperationEventName } from "./events.ts";

/** An operation as observers see it. */
export interface ObservedOperation {
  readonly id: string;
  readonly name: string | undefined;
  readonly context: OperationContext;
  readonly parent: ObservedOperation | undefined;
  cancel(reason?: CancellationReason, message?: string, options?: { readonly cause?: unknown }): boolean;
  /** Adds an observer, which gets the events from now on. */
  observe(observer: OperationObserver): void;
}

/**
 * Is called synchronously at the events of operations. A registry is one. Its errors go to the reporter and affect no
 * operation.
 */
export interface OperationObserver {
  started(operation: ObservedOperation): void;
  progress(operation: ObservedOperation): void;
  cancelling(operation: ObservedOperation): void;
  ended(operation: ObservedOperation): void;
  /**
   * Returns the function that runs in the place of `body`, for an observer that sets an async context for the body. It is
   * called after `started`. Default: `body` itself.
   */
  around?<O extends ObservedOperation, T>(operation: O, body: Body<O, T>): Body<O, T>;
}

/** The body of an operation. */
export type Body<O, T> = (operation: O) => T;

/** The body as an observer wants it to run. */
export function bodyFor<O extends ObservedOperation, T>(
  observer: OperationObserver,
  operation: O,
  body: Body<O, T>,
): Body<O, T> {
  if (observer.around === undefined) return body;
  try {
    return observer.around(operation, body);
  } catch (error) {
    report(error, "an observer of operations");
    return body;
  }
}

/** Calls an observer, if there is one. */
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

/** Several observers as one. They are called in order. */
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
  around<O extends ObservedOperation, T>(operation: O, body: Body<O, T>): Body<O, T> {
    return this.observers.reduce((inner, observer) => bodyFor(observer, operation, inner), body);
  }
}

/** Combines observers into one, without duplicates. Undefined if there is none. */
export function observerList(
  observers: ReadonlyArray<OperationObserver | undefined>,
): OperationObserver | undefined {
  const given = observers.filter((observer) => observer !== undefined);
  // Most operations have one observer.
  if (given.length <= 1) return given[0];
  const flat = given.flatMap((one) => (one instanceof ObserverList ? one.observers : one));
  const distinct = [...new Set(flat)];
  return distinct.length > 1 ? new ObserverList(distinct) : distinct[0];
}

/** Whether an observer is among those that were combined into `list`. */
export function isAmong(
  list: OperationObserver | undefined,
  observer: OperationObserver | undefined,
): boolean {
  return (
    list === observer ||
    (list instanceof ObserverList && list.observers.includes(observer as OperationObserver))
  );
}

/**
 * The registry of the process. It is set when its module is loaded, so that operations do not import the registry.
 */
let registry: OperationObserver | undefined;

export function setProcessRegistry(observer: OperationObserver): void {
  registry = observer;
}

/** The observer of operations with `register: true`. */
export function processRegistry(): OperationObserver | undefined {
  return registry;
}

/** The observers of all operations, one entry per call of {@link observeAll}. */
let globalObservers: readonly OperationObserver[] = [];
let combined: OperationObserver | undefined;

/** Adds an observer of every operation that starts from now on. Disposing removes it. */
export function observeAll(observer: OperationObserver): Disposable {
  let disposed = false;
  setGlobalObservers([...globalObservers, observer]);
  return {
    [Symbol.dispose]() {
      if (disposed) return;
      disposed = true;
      const place = globalObservers.lastIndexOf(observer);
      setGlobalObservers(globalObservers.filter((_, index) => index !== place));
    },
  };
}

function setGlobalObservers(observers: readonly OperationObserver[]): void {
  globalObservers = observers;
  combined = observerList(observers);
}

/** All global observers as one, if there are any. */
export function globalObserver(): OperationObserver | undefined {
  return combined;
}
