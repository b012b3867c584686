import { captureContext } from "#platform/ambient";
import { requireFunction } from "../arguments.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { currentNode } from "../scope/ambient.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { type Limits, limits, parentNode } from "../scope/scope-options.ts";
import { PromiseWaiter, refusePromise, rejectIfCancelled } from "../scope/waiting.ts";
import {
  type AnyTarget,
  type EmitterLike,
  EventListeners,
  errorOf,
  isEmitter,
  requireEventName,
  requireTarget,
  toEventNames,
} from "./event-listeners.ts";

/** The options of {@link once}. */
export interface OnceOptions<V = unknown> extends Limits {
  /** Whether to take an event. An error that it throws ends the wait. Default: every event is taken. */
  readonly filter?: ((value: V) => boolean) | undefined;
  /**
   * The names of events that reject: with the first argument of an emitter, or with the `error` of an event, or else with
   * the event. Default: `["error"]` for an emitter, none for an `EventTarget`.
   */
  readonly reject?: readonly (string | symbol)[] | undefined;
}

export const onceOptions: KnownOptions<OnceOptions> = { ...limits, filter: 1, reject: 1 };

/** The names of the events that reject. */
export function toRejectNames(
  target: AnyTarget,
  event: string | symbol,
  reject: readonly (string | symbol)[] | undefined,
): readonly (string | symbol)[] {
  if (reject !== undefined) return toEventNames(reject, "options.reject");
  return isEmitter(target) && event !== "error" ? ["error"] : [];
}

/** The filter, bound to the current async context: the listener runs in the context of the code that emits. */
export function toFilter(filter: ((value: never) => boolean) | undefined): (value: unknown) => boolean {
  if (filter === undefined) return () => true;
  requireFunction(filter, "options.filter");
  const inContext = captureContext();
  return (value) => {
    const accepted = inContext(() => filter(value as never));
    refusePromise(accepted, "options.filter", filter);
    return accepted;
  };
}

/**
 * Waits for one event, from this call on. Resolves with the event of an `EventTarget`, or with the array of arguments of
 * an `EventEmitter`. No listener is left, however the wait ends.
 *
 * @example
 * ```ts
 * import { once } from "@hother/cancelable";
 *
 * const target = new EventTarget();
 * setTimeout(() => target.dispatchEvent(new Event("open")), 5);
 * const event = await once(target, "open", { timeout: { seconds: 10 } });
 * console.assert(event.type === "open");
 * ```
 */
export function once<A extends readonly unknown[] = unknown[]>(
  target: EmitterLike,
  event: string | symbol,
  options?: OnceOptions<A>,
): Promise<A>;
export function once<E extends globalThis.Event = globalThis.Event>(
  target: EventTarget,
  event: string,
  options?: OnceOptions<E>,
): Promise<E>;
export async function once(
  target: AnyTarget,
  event: string | symbol,
  options?: OnceOptions<never>,
): Promise<unknown> {
  requireTarget(target);
  requireEventName(event, "event");
  requireKnownOptions(options, onceOptions, "once");
  const { filter, reject, ...ofScope } = options ?? {};
  const accepts = toFilter(filter);
  const rejecting = toRejectNames(target, event, reject);
  const wait = ({ node }: { readonly node: ScopeNode }): Promise<unknown> =>
    rejectIfCancelled(node) ?? nextEvent(node, target, { event, accepts, rejecting });
  return new CancelScope(ofScope, currentNode().clock).execute(wait, true, parentNode(ofScope));
}

function nextEvent(
  node: ScopeNode,
  target: AnyTarget,
  {
    event,
    accepts,
    rejecting,
  }: {
    readonly event: string | symbol;
    readonly accepts: (value: unknown) => boolean;
    readonly rejecting: readonly (string | symbol)[];
  },
): Promise<unknown> {
  const listeners = new EventListeners(target);
  const waiter = new PromiseWaiter<unknown>(node);
  node.wait(listeners);
  const fail = (error: unknown): void => {
    listeners.close();
    waiter.reject(error);
  };
  try {
    listeners.add(event, (value) => {
      try {
        if (!accepts(value)) return;
      } catch (error) {
        fail(error);
        return;
      }
      listeners.close();
      waiter.resolve(value);
    });
    for (const name of rejecting) listeners.add(name, (value) => fail(errorOf(target, value)));
  } catch (error) {
    fail(error);
  }
  return waiter.promise;
}
