import { type Span, toMilliseconds } from "../duration.ts";
import { warn } from "../reporter.ts";
import type { ScopeNode } from "../scope/scope-node.ts";

/** The time after which a warning names a cancelled operation that has not ended, in ms. The operation gives the text. */
const warnAfter = 5_000;

/**
 * Bounds the wait for a cancelled operation by its grace. Without a grace the wait has no bound, and there is one
 * warning.
 */
export class GraceTimer implements Disposable {
  readonly #node: ScopeNode;
  /** The bound in ms. Undefined means none. */
  readonly #grace: number | undefined;
  /** The text of the warning: the operation, the reason of its wait, and advice. */
  readonly #describe: (bodyHasEnded: boolean) => string;
  #alarm: Disposable | undefined;
  #isOver = false;
  /** Ends the current wait. */
  #abandon: (() => void) | undefined;
  #abandoned = false;
  /** Whether the body has ended, so that the wait is for the callbacks. */
  #bodyHasEnded = false;

  constructor(node: ScopeNode, grace: Span | undefined, describe: (bodyHasEnded: boolean) => string) {
    this.#node = node;
    this.#grace = grace === undefined ? undefined : toMilliseconds(grace, "options.grace");
    this.#describe = describe;
  }

  /** Whether the grace was over before a wait ended. */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  /** Starts the timer when the operation is cancelled. Does nothing the second time. */
  begin(): void {
    if (this.#alarm !== undefined) return;
    const { clock } = this.#node;
    if (this.#grace === undefined) this.#alarm = clock.setAlarm(clock.now() + warnAfter, () => this.#warn());
    else if (this.#grace !== Number.POSITIVE_INFINITY) {
      this.#alarm = clock.setAlarm(clock.now() + this.#grace, () => {
        this.#isOver = true;
        this.#abandon?.();
      });
    }
  }

  /**
   * Waits for the callbacks of a cancelled operation, at most for the rest of the grace. Then the callbacks continue,
   * abandoned.
   */
  withinForCallbacks(callbacks: () => Promise<void>): Promise<void> {
    this.#bodyHasEnded = true;
    this.begin();
    const calling = callbacks();
    return this.endWithin(() => calling);
  }

  /** As {@link within}, for work that does not reject. Resolves when the grace is over. */
  async endWithin(work: () => Promise<void>): Promise<void> {
    try {
      await this.within(work);
    } catch {
      // The grace is over: `work` does not reject.
    }
  }

  /**
   * Waits for `work`, and at most for the grace once the operation is cancelled. Then it rejects with the
   * cancellation.
   */
  within<T>(work: () => T | PromiseLike<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const abandon = (): void => {
        this.#abandoned = true;
        reject(this.#node.own?.error); // defined, because only a cancellation starts the grace
      };
      if (this.#isOver) {
        abandon();
        return;
      }
      this.#abandon = abandon;
      const over = (): void => {
        this.#abandon = undefined;
      };
      // A rejection after the end of the grace has no effect, because this promise is settled then.
      const waiting = new Promise<T>((settle) => settle(work()));
      waiting.then(over, over);
      waiting.then(resolve, reject);
    });
  }

  [Symbol.dispose](): void {
    this.#alarm?.[Symbol.dispose]();
  }

  #warn(): void {
    warn(`${this.#describe(this.#bodyHasEnded)} Set grace to bound this wait.`);
  }
}
