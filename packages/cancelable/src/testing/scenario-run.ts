import type { AsyncBackend } from "../backends/backend.ts";
import type { Cancellable } from "../cancellable.ts";
import type { Outcome } from "../operation/outcome.ts";
import type { Progress } from "../operation/progress.ts";
import { AssertionError } from "./assertion-error.ts";

/** One run of a scenario: the operation, its reports so far and its outcome. */
export class ScenarioRun {
  readonly op: Cancellable;
  readonly backend: AsyncBackend;
  readonly reports: Progress[] = [];
  #outcome: Outcome<unknown> | undefined;
  /** Called after every event of the operation. */
  readonly #watchers = new Set<() => void>();

  constructor(op: Cancellable, backend: AsyncBackend) {
    this.op = op;
    this.backend = backend;
    op.onStart(() => this.#changed());
    op.onProgress((progress) => {
      this.reports.push(progress);
      this.#changed();
    });
  }

  async start<T>(body: (op: Cancellable) => T | PromiseLike<T>): Promise<Outcome<T>> {
    const outcome = await this.op.settle(body);
    this.#outcome = outcome;
    this.#changed();
    return outcome;
  }

  /**
   * Whether `holds` returns true now, or within `ms` and before the operation has ended. First, the code that is due
   * now gets a turn.
   */
  async becomesTrue(holds: () => boolean, ms: number): Promise<boolean> {
    await this.backend.sleep(0);
    if (holds()) return true;
    if (ms <= 0 || this.#outcome !== undefined) return false;
    return await new Promise<boolean>((resolve, reject) => {
      const decide = (last: boolean): void => {
        let result: boolean;
        try {
          result = holds();
        } catch (error) {
          this.#watchers.delete(watch);
          timer[Symbol.dispose]();
          reject(error);
          return;
        }
        if (!result && !last) return;
        this.#watchers.delete(watch);
        timer[Symbol.dispose]();
        resolve(result);
      };
      // After the end of the operation, no further event follows.
      const watch = (): void => decide(this.#outcome !== undefined);
      const timer = this.backend.setTimer(this.backend.now() + ms, () => decide(true));
      this.#watchers.add(watch);
    });
  }

  /** The error of a failed step. If the body has failed too, its error is the `cause`. */
  failure(
    message: string,
    values?: { readonly actual: unknown; readonly expected: unknown },
  ): AssertionError {
    const outcome = this.#outcome;
    if (outcome?.status !== "failed") return new AssertionError(message, values);
    return new AssertionError(`${message}; the body failed: ${this.op.context.errorMessage}`, {
      ...values,
      cause: outcome.error,
    });
  }

  #changed(): void {
    for (const watch of [...this.#watchers]) watch();
  }
}
