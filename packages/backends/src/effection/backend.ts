import {
  AsyncBackend,
  type CancellationError,
  type CancelScope,
  getBackend,
  NativeTask,
  ParentCancellation,
  type TaskHandle,
} from "@hother/cancelable";
import {
  type Context,
  createContext,
  type Task as EffectionTask,
  ensure,
  global,
  type Operation,
  type Scope,
  scoped,
  until,
  useScope,
} from "effection";

/** The context with the cancellation error, in an Effection task that is halted by a cancellation. */
export const CancelledBy: Context<CancellationError> = createContext("@hother/cancelable/CancelledBy");

/**
 * The backend for Effection. The children of a task group are Effection tasks in the Effection scope in which the group
 * runs. Time is the time of the host, as in Effection.
 */
export class EffectionBackend extends AsyncBackend {
  override readonly name = "effection";
  readonly #clock = getBackend("native");
  /** The Effection scope whose code runs at the moment. */
  #running: Scope | undefined;

  override now(): number {
    return this.#clock.now();
  }

  override setTimer(at: number, fire: () => void): Disposable {
    return this.#clock.setTimer(at, fire);
  }

  override current(): Scope | undefined {
    return this.#running;
  }

  protected override scopeOf(scope: unknown): CancelScope {
    return this.taskOf(scope as Scope).scope;
  }

  override start<T>(scope: CancelScope, main: (scope: CancelScope) => T | PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#startShadow(this.nativeScopeOf(scope), scope, () => {
        const result = super.start(scope, main);
        result.then(resolve, reject);
        return result;
      });
    });
  }

  override spawn<T>(
    scope: CancelScope,
    body: () => T | PromiseLike<T>,
    owner: CancelScope = scope,
  ): TaskHandle<T> {
    const task = this.createTask<T>(scope);
    this.startLater(scope, () => {
      this.#startShadow(
        this.nativeScopeOf(owner),
        scope,
        () => new Promise<void>((resolve) => task.execute(body, resolve)),
      );
    });
    return task;
  }

  /** The Effection scope in which `scope` runs. Default: Effection's global scope. */
  nativeScopeOf(scope: CancelScope): Scope {
    return (this.nativeOf(scope) as Scope | undefined) ?? global;
  }

  /**
   * Runs an Effection operation as a task in the Effection scope `below`. Cancelling `scope` halts the task. The
   * promise settles after the clean-up of the task. An error of the operation rejects the promise, and does not reach
   * `below`.
   */
  runIn<T>(
    scope: CancelScope,
    operation: () => Operation<T>,
    below: Scope = this.nativeScopeOf(scope),
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      let result: { readonly value: T } | { readonly error: unknown } | undefined;
      let native: Scope | undefined;
      const task = below.run(function* contained() {
        native = yield* useScope();
        try {
          result = { value: yield* scoped(operation) };
        } catch (error) {
          result = { error };
        }
      });
      const listening = this.onCancelled(scope, (error) => halt(task, native, error));
      const end = (halted: boolean): void => {
        listening[Symbol.dispose]();
        if (result !== undefined && "error" in result) reject(result.error);
        else if (result !== undefined && !halted) resolve(result.value);
        else reject(scope.error ?? new ParentCancellation("its Effection task was halted"));
      };
      // If a halted generator waits in a `finally`, `yield* scoped` returns `undefined` and `result` is wrong. The
      // rejection of the task shows the halt.
      task.then(
        () => end(false),
        () => end(true),
      );
    });
  }

  /** The native task of an Effection scope: its place in the tree of scopes. */
  taskOf(scope: Scope): NativeTask {
    let task = tasks.get(scope);
    if (task === undefined) {
      task = new NativeTask(this, { used: (used) => this.setNative(used.scope, scope) });
      tasks.set(scope, task);
    }
    return task;
  }

  /** Calls `fn` as code of an Effection scope, in the scope of its native task. */
  enter<R>(scope: Scope, fn: () => R): R {
    const before = this.#running;
    this.#running = scope;
    try {
      return this.taskOf(scope).enter(fn, undefined);
    } finally {
      this.#running = before;
    }
  }

  /** Ends the native task of an Effection scope and waits for it. Runs before the Effection scope is destroyed. */
  *leave(scope: Scope): Operation<void> {
    const task = tasks.get(scope);
    if (task?.inUse) yield* until(task.end("the surrounding Effection task was halted or has ended"));
  }

  /**
   * Starts an Effection task that represents the library code in `scope`. Halting the task cancels the scope and waits
   * for the code. In the other direction, a cancelled scope ends the code, and the task ends with the code. The task is
   * not halted, because a halt would reach child tasks whose code is shielded.
   */
  #startShadow(below: Scope, scope: CancelScope, begin: () => PromiseLike<unknown>): void {
    const backend = this;
    void below.run(function* shadow() {
      const native = yield* useScope();
      backend.setNative(scope, native);
      const listening = backend.onCancelled(scope, (error) => void native.set(CancelledBy, error));
      let work: PromiseLike<unknown> | undefined;
      let settled = false;
      yield* ensure(function* () {
        listening[Symbol.dispose]();
        if (settled || work === undefined) return;
        scope.cancel("parent", "its Effection task was halted");
        yield* until(work);
      });
      // The caller of `begin` handles the errors. In this task, an error would end the Effection scope above.
      work = begin().then(
        () => {},
        () => {},
      );
      yield* until(work);
      settled = true;
    });
  }
}

/** Halts a task because of a cancellation. Errors of the clean-up are handled where the task is awaited. */
function halt(task: EffectionTask<unknown>, scope: Scope | undefined, error: CancellationError): void {
  scope?.set(CancelledBy, error);
  void task.halt().then(undefined, () => {});
}

/** The native tasks of Effection scopes. */
const tasks = new WeakMap<Scope, NativeTask>();

export const effectionBackend: EffectionBackend = new EffectionBackend();
