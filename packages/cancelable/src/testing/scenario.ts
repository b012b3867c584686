import { invalidType, requireFunction, requireText, show } from "../arguments.ts";
import { detectBackend } from "../backends/detect.ts";
import { Cancellable } from "../cancellable.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import type { CancellationReason } from "../errors.ts";
import { requireKnownOptions } from "../known-options.ts";
import { type Outcome } from "../operation/outcome.ts";
import type { Progress } from "../operation/progress.ts";
import type { OperationStatus } from "../operation/status.ts";
import { requireCancelArguments } from "../token/cancel.ts";
import { UsageError } from "../usage-error.ts";
import { AssertionError } from "./assertion-error.ts";
import { ScenarioRun } from "./scenario-run.ts";

/** The options of the expectations of a {@link CancellationScenario}. */
export interface ExpectOptions {
  /** How long the expectation may take to become true, in milliseconds or as a `Duration`. Default: 0. */
  readonly within?: Span | undefined;
}

type Step = (run: ScenarioRun) => Promise<void>;

/**
 * A script for a test: actions on a running operation, and expectations about it. The steps run one after another,
 * concurrently with the body. Before an expectation is checked, the body gets a turn to do everything that is due. A
 * scenario can run several times, each time with a new operation.
 *
 * @example
 * ```ts
 * import { Cancellable, run } from "@hother/cancelable";
 * import { CancellationScenario, VirtualBackend } from "@hother/cancelable/testing";
 *
 * const scenario = new CancellationScenario()
 *   .delay(100)
 *   .expectProgress("half way")
 *   .cancel("shutdown", "deploying")
 *   .expectStatus("cancelled");
 *
 * const outcome = await run(
 *   () =>
 *     scenario.run(new Cancellable(), async (op) => {
 *       await op.sleep(50);
 *       op.reportProgress("half way there");
 *       await op.sleep({ hours: 1 });
 *     }),
 *   { backend: new VirtualBackend() },
 * );
 * console.assert(outcome.status === "cancelled");
 * ```
 */
export class CancellationScenario {
  readonly #steps: Step[] = [];
  #mayFail = false;

  /** Waits on the clock of the ambient backend. @param span In milliseconds or as a `Duration`. */
  delay(span: Span): this {
    const ms = toMilliseconds(span, "span");
    return this.#add((run) => run.backend.sleep(ms));
  }

  /**
   * Cancels the operation. The step has no effect if the operation was cancelled before. The scenario fails if the
   * operation has ended in another way.
   */
  cancel(reason: CancellationReason = "manual", message?: string): this {
    requireCancelArguments(reason, message);
    return this.#add(async (run) => {
      if (run.op.cancel(reason, message) || run.op.isCancelled) return;
      throw run.failure(
        `Expected to cancel ${run.op.label}, but it has already ended with status "${run.op.status}"`,
      );
    });
  }

  /**
   * Expects that the operation or an operation below it has reported matching progress since the start.
   *
   * @param expected A part of the message, or a predicate for the progress.
   */
  expectProgress(expected: string | ((progress: Progress) => boolean), options?: ExpectOptions): this {
    if (typeof expected !== "function" && typeof expected !== "string") {
      throw invalidType("expected", "a text or a function", expected);
    }
    const within = span(options);
    const matches = (progress: Progress): boolean => {
      if (typeof expected === "function") return expected(progress);
      const message = typeof progress === "string" ? progress : progress.message;
      return message?.includes(expected) === true;
    };
    return this.#add(async (run) => {
      if (await run.becomesTrue(() => run.reports.some(matches), within)) return;
      const wanted =
        typeof expected === "string"
          ? `a progress message that contains ${show(expected)}`
          : "progress that satisfies the predicate";
      const reports = run.reports.map(show).join(", ") || "none";
      throw run.failure(`Expected ${wanted}; reported progress: ${reports}`);
    });
  }

  /** Expects this status of the operation. In a scenario that expects `failed`, the error of the body is not thrown. */
  expectStatus(status: OperationStatus, options?: ExpectOptions): this {
    requireText(status, "status");
    const within = span(options);
    if (status === "failed") this.#mayFail = true;
    return this.#add(async (run) => {
      if (await run.becomesTrue(() => run.op.status === status, within)) return;
      throw run.failure(`Expected status "${status}", but ${run.op.label} is "${run.op.status}"`, {
        actual: run.op.status,
        expected: status,
      });
    });
  }

  /**
   * Runs `body` in `op`, concurrently with the steps, and waits for both. Resolves with the outcome of `op`.
   *
   * @throws AssertionError of the first step that fails. In this case `op` was cancelled and has ended. The error of
   * `body`, unless a step expects the status `failed`. UsageError `ERR_ALREADY_STARTED`.
   */
  async run<T>(op: Cancellable, body: (op: Cancellable) => T | PromiseLike<T>): Promise<Outcome<T>> {
    if (!(op instanceof Cancellable)) throw invalidType("op", "a Cancellable", op);
    requireFunction(body, "body");
    if (op.status !== "pending") throw new UsageError("ERR_ALREADY_STARTED", op.label);
    const run = new ScenarioRun(op, detectBackend());
    const ending = run.start(body);
    let failed: { readonly error: unknown } | undefined;
    let number = 0;
    try {
      for (const step of [...this.#steps]) {
        number++;
        await step(run);
      }
    } catch (error) {
      if (error instanceof AssertionError) error.message += ` (step ${number} of the scenario)`;
      failed = { error };
      op.cancel("error", "the scenario failed");
    }
    const outcome = await ending;
    if (failed !== undefined) throw failed.error;
    if (outcome.status === "failed" && !this.#mayFail) throw outcome.error;
    return outcome;
  }

  #add(step: Step): this {
    this.#steps.push(step);
    return this;
  }
}

function span(options: ExpectOptions | undefined): number {
  requireKnownOptions(options, { within: 1 }, "an expectation");
  return options?.within === undefined ? 0 : toMilliseconds(options.within, "options.within");
}
