import { AsyncBackend, type CancelScope, type Task, type TaskHandle } from "@hother/cancelable";

/** A backend that checks its timers once per frame, as a game or an animation does, and records its tasks. */
export class FrameBackend extends AsyncBackend {
  override readonly name = "frames";
  /** The children of task groups that have not ended. */
  readonly tasks: Set<Task<unknown>> = new Set();
  readonly #timers = new Set<{ readonly at: number; readonly fire: () => void }>();
  #frames: ReturnType<typeof setInterval> | undefined;

  override now(): number {
    return performance.now();
  }

  override setTimer(at: number, fire: () => void): Disposable {
    const timer = { at, fire };
    this.#timers.add(timer);
    this.#frames ??= setInterval(() => this.#frame(), 2);
    return { [Symbol.dispose]: () => this.#remove(timer) };
  }

  override current(): undefined {
    return undefined;
  }

  override spawn<T>(scope: CancelScope, body: () => T | PromiseLike<T>): TaskHandle<T> {
    const task = this.createTask<T>(scope);
    this.tasks.add(task);
    this.startLater(scope, () => task.execute(body, () => this.tasks.delete(task)));
    return task;
  }

  #frame(): void {
    for (const timer of [...this.#timers]) {
      // A timer that fires can dispose of another timer.
      if (timer.at > this.now() || !this.#timers.has(timer)) continue;
      this.#remove(timer);
      timer.fire();
    }
  }

  #remove(timer: { readonly at: number; readonly fire: () => void }): void {
    this.#timers.delete(timer);
    if (this.#timers.size > 0) return;
    clearInterval(this.#frames);
    this.#frames = undefined;
  }
}
