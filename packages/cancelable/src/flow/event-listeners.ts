import { invalidType, requireText } from "../arguments.ts";
import { report } from "../reporter.ts";
import { ScopeWait } from "../scope/waiting.ts";
import type { Cancellation } from "../token/cancellation.ts";
import { announce, inWave } from "../token/wave.ts";

/** The part of Node's `EventEmitter` that is used here. A structural type, so that no module of Node is imported. */
export interface EmitterLike {
  on(event: string | symbol, listener: (...args: unknown[]) => void): unknown;
  off(event: string | symbol, listener: (...args: unknown[]) => void): unknown;
}

/** An `EventEmitter`, or an `EventTarget`. */
export type AnyTarget = EmitterLike | EventTarget;

/** Whether `target` is an emitter. As in Node, an object that is an emitter and a target is used as an emitter. */
export function isEmitter(target: AnyTarget): target is EmitterLike {
  const { on, off } = target as Partial<EmitterLike>;
  return typeof on === "function" && typeof off === "function";
}

export function requireTarget(target: unknown): asserts target is AnyTarget {
  const candidate = (target ?? {}) as Partial<EmitterLike & EventTarget>;
  if (isEmitter(candidate as EmitterLike)) return;
  const { addEventListener, removeEventListener } = candidate;
  if (typeof addEventListener === "function" && typeof removeEventListener === "function") return;
  throw invalidType("target", "an EventTarget or an EventEmitter", target);
}

export function requireEventName(name: unknown, argument: string): void {
  if (typeof name !== "symbol") requireText(name ?? null, argument);
}

/** The names in an option. Default: none. */
export function toEventNames(
  names: readonly (string | symbol)[] | undefined,
  argument: string,
): readonly (string | symbol)[] {
  if (names === undefined) return [];
  if (!Array.isArray(names)) throw invalidType(argument, "an array of event names", names);
  for (const [index, name] of names.entries()) requireEventName(name, `${argument}[${index}]`);
  return [...names];
}

/** Listeners on one target, which are removed together. A cancellation of the scope in which they wait removes them too. */
export class EventListeners extends ScopeWait {
  readonly #target: AnyTarget;
  readonly #removals: Array<() => void> = [];

  constructor(target: AnyTarget) {
    super();
    this.#target = target;
  }

  /** @param listener Gets the event of an `EventTarget`, or the array of arguments of an emitter. */
  add(name: string | symbol, listener: (value: unknown) => void): void {
    const target = this.#target;
    if (isEmitter(target)) {
      const onEvent = (...args: unknown[]): void => listener(args);
      target.on(name, onEvent);
      this.#removals.push(() => target.off(name, onEvent));
    } else {
      target.addEventListener(name as string, listener);
      this.#removals.push(() => target.removeEventListener(name as string, listener));
    }
  }

  /** Removes all listeners, and ends the wait. Never throws. */
  close(): void {
    this.remove();
    for (const remove of this.#removals.splice(0)) {
      try {
        remove();
      } catch (error) {
        report(error, "the removal of an event listener");
      }
    }
  }

  /** The code of the target runs after all nodes that the cancellation reaches have been marked. */
  override reached(_cancellation: Cancellation): void {
    inWave(() => announce(() => this.close()));
  }
}

/** The error of an event in `reject`: the first argument of an emitter, or the `error` of the event, or the event. */
export function errorOf(target: AnyTarget, value: unknown): unknown {
  return isEmitter(target)
    ? (value as readonly unknown[])[0]
    : ((value as { readonly error?: unknown }).error ?? value);
}
