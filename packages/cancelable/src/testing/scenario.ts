import { invalidType, requireFunction, requireOptions, requireText, show } from "../arguments.ts";
import { detectBackend } from "../backends/detect.ts";
import { Cancellable } from "../cancellable.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import type { CancellationReason } from "../errors.ts";
import { type Outcome } from "../operation/outcome.ts";
import type { Progress } from "../operation/progress.ts";
import type { OperationStatus } from "../operation/status.ts";
import { requireReason } from "../token/token.ts";
import { UsageError } from "../usage-error.ts";
import { AssertionError } from "./assertion-error.ts";
import { ScenarioRun } from "./scenario-run.ts";

/** What the expectations of a {@link CancellationScenario} may be told. */
export interface ExpectOptions {
  /** How long it may take to come true, in milliseconds or as a `Duration`. Default: 0, it must hold now. */
  readonly within?: Span;
}

type Step = (run: ScenarioRun) => Promise<void>;

/**
 * A script of what happens to an operation while it runs, and of what is to be seen of it. Steps are taken
 * one after another, alongside the body; before it looks, an expectation lets the body do what it does at
 * this time. A scenario may be run any number of times, each with a new operation.
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

  /** Waits `span` (milliseconds or a `Duration`) on the clock of the backend that the scenario runs on. */
  delay(span: Span): this {
    const ms = toMilliseconds(span, "span");
    return this.#add((run) => run.backend.sleep(ms));
  }

  /**
   * Cancels the operation. If it was cancelled before, that changes nothing; if it has ended otherwise, the
   * scenario fails.
   */
  cancel(reason: CancellationReason = "manual", message?: string): this {
    requireReason(reason, message);
    return this.#add(async (run) => {
      if (run.op.cancel(reason, message) || run.op.isCancelled) return;
      throw run.failure(`Expected to cancel ${run.op.label}, but it had ended as ${run.op.status}`);
    });
  }

  /**
   * Expects that the operation, or one below it, has reported progress with a message that contains a text, or
   * progress of which a predicate holds, at any time since the start.
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
      if (await run.comesTrue(() => run.reports.some(matches), within)) return;
      const what =
        typeof expected === "string" ? `containing ${show(expected)}` : "that the predicate accepts";
      const reports = run.reports.map(show).join(", ") || "nothing";
      throw run.failure(`Expected progress message ${what}, but reported was: ${reports}`);
    });
  }

  /** Expects the operation's status. A scenario that expects `failed` lets the body fail. */
  expectStatus(status: OperationStatus, options?: ExpectOptions): this {
    requireText(status, "status");
    const within = span(options);
    if (status === "failed") this.#mayFail = true;
    return this.#add(async (run) => {
      if (await run.comesTrue(() => run.op.status === status, within)) return;
      throw run.failure(`Expected status "${status}", but ${run.op.label} is "${run.op.status}"`, {
        actual: run.op.status,
        expected: status,
      });
    });
  }

  /**
   * Runs `body` in `op` and the steps alongside, and waits for both. Resolves with the operation's outcome.
   *
   * @throws AssertionError of the first step that fails; the operation has then been cancelled, and has ended.
   * What the body failed with, unless a step expects the status `failed`. UsageError `ERR_ALREADY_STARTED`.
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
  requireOptions(options);
  return options?.within === undefined ? 0 : toMilliseconds(options.within, "options.within");
}
