import {
  type AsyncBackend,
  cancellationOf,
  type ObservedOperation,
  OperationRegistry,
  type ScopeParent,
} from "@hother/cancelable";
import { liveScopes } from "@hother/cancelable/inspect";
import type { Bar, BarEnd, Mark, Recording } from "./recording.ts";

export interface RecorderOptions {
  /** The clock, in milliseconds. */
  readonly now: () => number;
  /** The root of the scopes to record. Default: the root of the ambient backend. */
  readonly root?: AsyncBackend | ScopeParent | undefined;
}

export interface WorkOptions {
  /** Calls `fn` after `ms`, and returns a function that prevents it. */
  readonly timer: (fn: () => void, ms: number) => () => void;
  /** The scope whose `signal` ends the work. Default: nothing ends it. */
  readonly scope?: ScopeParent | undefined;
  /** The scope, or the key of the bar, below which the work is drawn. Default: `scope`, or else the operation whose body calls. */
  readonly below?: ScopeParent | string | undefined;
  /** The error with which the work fails at its end. */
  readonly failure?: Error | undefined;
}

const keyOf = (operation: { readonly id: string }): string => `operation ${operation.id}`;

/**
 * Records a run through the public interface of the library. As a registry of all operations it learns when an operation
 * starts, is cancelled and ends. `liveScopes` lists the open scopes and tasks. A scope has no events of its own, so its times
 * are as exact as the calls of `sample()` are frequent. A scope that begins and ends between two calls is not recorded, and
 * neither is the cancellation of a scope that ends in the same turn.
 */
export class Recorder extends OperationRegistry {
  readonly #bars = new Map<string, Bar>();
  readonly #marks: Mark[] = [];
  readonly #now: () => number;
  readonly #root: AsyncBackend | ScopeParent | undefined;
  readonly #registration: Disposable;
  /** The operations whose bodies run synchronously now, innermost last. */
  readonly #entered: string[] = [];
  #works = 0;

  constructor({ now, root }: RecorderOptions) {
    super({ history: 0 });
    const zero = now();
    this.#now = () => now() - zero;
    this.#root = root;
    this.#registration = this.registerAll();
  }

  /** The run until now. */
  recording(): Recording {
    const marks = this.#marks.map((mark) => ({ ...mark }));
    return { bars: [...this.#bars.values()].map((bar) => ({ ...bar })), marks, now: this.#now() };
  }

  [Symbol.dispose](): void {
    this.#registration[Symbol.dispose]();
  }

  // ---- operations -------------------------------------------------------------------------------

  override started(operation: ObservedOperation): void {
    super.started(operation);
    const parent = operation.parent === undefined ? undefined : keyOf(operation.parent);
    this.#add(keyOf(operation), "operation", operation.name, parent, this.#now());
    this.sample();
  }

  override cancelling(operation: ObservedOperation): void {
    super.cancelling(operation);
    const bar = this.#bars.get(keyOf(operation));
    if (bar === undefined) return; // it started before the recording
    bar.cancelledAt ??= this.#now();
    bar.reason ??= operation.context.cancelReason;
    this.sample();
  }

  override ended(operation: ObservedOperation): void {
    super.ended(operation);
    const bar = this.#bars.get(keyOf(operation));
    if (bar === undefined) return;
    bar.end = this.#now();
    bar.outcome = operation.context.status as BarEnd; // it has ended
    bar.reason ??= operation.context.cancelReason;
    this.sample();
  }

  around<O extends ObservedOperation, T>(operation: O, body: (operation: O) => T): (operation: O) => T {
    const bodyEnded = (): void => {
      const bar = this.#bars.get(keyOf(operation));
      if (bar !== undefined) bar.bodyEnd = this.#now();
    };
    return (given) => {
      this.#entered.push(keyOf(operation));
      try {
        const result = body(given);
        Promise.resolve(result).then(bodyEnded, bodyEnded);
        return result;
      } finally {
        this.#entered.pop();
      }
    };
  }

  // ---- scopes and tasks -------------------------------------------------------------------------

  /** Looks which scopes and tasks are open. */
  sample(at: number = this.#now()): void {
    const keys = new Map<number, string>();
    const open = new Set<string>();
    for (const { id, parentId, kind, name, operation, isCancelled } of liveScopes(this.#root)) {
      if (kind === "root") continue;
      const isOperation = kind === "operation" && operation !== undefined;
      const key = isOperation ? keyOf(operation) : `scope ${id}`;
      keys.set(id, key);
      const parent = parentId === undefined ? undefined : keys.get(parentId);
      const bar = this.#bars.get(key) ?? (isOperation ? undefined : this.#add(key, kind, name, parent, at));
      if (bar === undefined) continue; // an operation from before the recording
      bar.parent = parent;
      if (isOperation) continue;
      open.add(key);
      if (isCancelled) bar.cancelledAt ??= at;
    }
    for (const bar of this.#bars.values()) {
      if (bar.kind !== "scope" && bar.kind !== "task") continue;
      if (bar.end !== undefined || open.has(bar.key)) continue;
      bar.end = at;
      bar.outcome = bar.cancelledAt === undefined ? "ended" : "cancelled";
    }
  }

  // ---- what is not part of the library ----------------------------------------------------------

  /** Work that the library does not know: it ends after `ms`, or when the signal of `scope` is aborted. */
  work<T>(
    name: string,
    ms: number,
    value: T,
    { timer, scope, below = scope, failure }: WorkOptions,
  ): Promise<T> {
    const key = `work ${this.#works++}`;
    const parent =
      below === undefined ? this.#entered.at(-1) : typeof below === "string" ? below : this.keyOf(below);
    const bar = this.#add(key, "work", name, parent, this.#now());
    return new Promise((resolve, reject) => {
      const signal = scope?.signal;
      const end = (outcome: BarEnd): void => {
        bar.end = this.#now();
        bar.outcome = outcome;
        signal?.removeEventListener("abort", abort);
      };
      const abort = (): void => {
        clear();
        bar.cancelledAt = this.#now();
        bar.reason = cancellationOf(signal?.reason)?.reason;
        end("cancelled");
        reject(signal?.reason);
      };
      const clear = timer(() => {
        end(failure === undefined ? "completed" : "failed");
        if (failure === undefined) resolve(value);
        else reject(failure);
      }, ms);
      if (signal?.aborted) abort();
      else signal?.addEventListener("abort", abort);
    });
  }

  /** Records a plain async function, from its call until its promise settles. */
  async plain<T>(name: string, body: () => PromiseLike<T>): Promise<T> {
    const bar = this.#add(`work ${this.#works++}`, "function", name, this.#entered.at(-1), this.#now());
    this.#entered.push(bar.key);
    let running: PromiseLike<T>;
    try {
      running = body();
    } finally {
      this.#entered.pop();
    }
    try {
      const value = await running;
      bar.outcome = "completed";
      return value;
    } catch (error) {
      bar.outcome = "failed";
      throw error;
    } finally {
      bar.end = this.#now();
    }
  }

  /** Notes something that happens now in a scope. */
  mark(text: string, scope?: ScopeParent): void {
    const bar = scope === undefined ? this.#entered.at(-1) : this.keyOf(scope);
    this.#marks.push({ at: this.#now(), bar, text });
  }

  /** The key of the bar of a scope that is open. */
  keyOf(scope: ScopeParent): string | undefined {
    const [live] = liveScopes(scope);
    if (live === undefined || live.kind === "root") return undefined;
    return live.kind === "operation" && live.operation !== undefined
      ? keyOf(live.operation)
      : `scope ${live.id}`;
  }

  #add(
    key: string,
    kind: Bar["kind"],
    name: string | undefined,
    parent: string | undefined,
    begin: number,
  ): Bar {
    const bar: Bar = {
      key,
      parent,
      kind,
      name,
      begin,
      end: undefined,
      bodyEnd: undefined,
      cancelledAt: undefined,
      reason: undefined,
      outcome: undefined,
    };
    this.#bars.set(key, bar);
    return bar;
  }
}
