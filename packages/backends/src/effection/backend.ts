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

/** Set on the Effection scope of a task that is halted because its scope here was cancelled: the error. */
export const CancelledBy: Context<CancellationError> = createContext("@hother/cancelable/CancelledBy");

/**
 * Effection as a runtime: children of groups are Effection tasks, below the Effection scope that the group
 * runs in. Time is the host's, as it is in Effection.
 */
export class EffectionBackend extends AsyncBackend {
  override readonly name = "effection";
  readonly #clock = getBackend("native");
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

  /** The Effection scope that `scope` runs in; the global one where it runs in none. */
  nativeScopeOf(scope: CancelScope): Scope {
    return (this.nativeOf(scope) as Scope | undefined) ?? global;
  }

  /**
   * Runs an operation as a task below an Effection scope: by default the one that `scope` runs in. Cancelling
   * `scope` halts it, and the promise settles when its clean-up is over. Its errors come out here, and nowhere else.
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
      // A halted generator that waits in a `finally` goes on as if it had returned `undefined`: the task knows better.
      task.then(
        () => end(false),
        () => end(true),
      );
    });
  }

  /** The place of an Effection scope in the tree. */
  taskOf(scope: Scope): NativeTask {
    let task = tasks.get(scope);
    if (task === undefined) {
      task = new NativeTask(this, { used: (used) => this.setNative(used.scope, scope) });
      tasks.set(scope, task);
    }
    return task;
  }

  /** Calls `fn` as code of `scope`, in that scope's place in the tree. */
  enter<R>(scope: Scope, fn: () => R): R {
    const before = this.#running;
    this.#running = scope;
    try {
      return this.taskOf(scope).enter(fn, undefined);
    } finally {
      this.#running = before;
    }
  }

  /** What has to be waited for before an Effection scope may be gone. */
  *leave(scope: Scope): Operation<void> {
    const task = tasks.get(scope);
    if (task?.inUse) yield* until(task.end("the Effection task that this ran in was halted, or has ended"));
  }

  /**
   * A task that stands for library code: halting it cancels `scope` and waits. When the scope is cancelled the
   * code ends by itself, and the task with it: it is not halted for that, since tasks below it may stand for
   * code that is shielded from it.
   */
  #startShadow(below: Scope, scope: CancelScope, begin: () => PromiseLike<unknown>): void {
    const backend = this;
    void below.run(function* standsFor() {
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
      // Whoever started the work has its errors; here they would end the scope above.
      work = begin().then(
        () => {},
        () => {},
      );
      yield* until(work);
      settled = true;
    });
  }
}

/** Halts a task because of a cancellation. What comes of it is the task's result. */
function halt(task: EffectionTask<unknown>, scope: Scope | undefined, error: CancellationError): void {
  scope?.set(CancelledBy, error);
  void task.halt().then(undefined, () => {});
}

const tasks = new WeakMap<Scope, NativeTask>();

export const effectionBackend: EffectionBackend = new EffectionBackend();
