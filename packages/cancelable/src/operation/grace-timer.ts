import { type Span, toMilliseconds } from "../duration.ts";
import type { ScopeNode } from "../scope/scope-node.ts";

/** After this long a cancelled body that has not ended is named on the console, in ms. */
const warnAfter = 5_000;

/** How long a cancelled operation is waited for: for ever, with a warning, or as long as its grace allows. */
export class GraceTimer implements Disposable {
  readonly #node: ScopeNode;
  /** Milliseconds; undefined for no bound. */
  readonly #grace: number | undefined;
  readonly #label: () => string;
  #alarm: Disposable | undefined;
  #over = false;
  /** Ends the wait that is under way. */
  #abandon: (() => void) | undefined;
  #abandoned = false;
  /** The body has ended: what is waited for are the callbacks. */
  #told = false;

  constructor(node: ScopeNode, grace: Span | undefined, label: () => string) {
    this.#node = node;
    this.#grace = grace === undefined ? undefined : toMilliseconds(grace, "options.grace");
    this.#label = label;
  }

  /** Whether a wait was given up. */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  /** The operation was cancelled: its time runs from now, unless it does already. */
  begin(): void {
    if (this.#alarm !== undefined) return;
    const { clock } = this.#node;
    if (this.#grace === undefined) this.#alarm = clock.setAlarm(clock.now() + warnAfter, () => this.#warn());
    else if (this.#grace !== Number.POSITIVE_INFINITY) {
      this.#alarm = clock.setAlarm(clock.now() + this.#grace, () => {
        this.#over = true;
        this.#abandon?.();
      });
    }
  }

  /** Waits for the callbacks of a cancelled operation for what is left of the grace; they go on if that is not enough. */
  async withinForCallbacks(callbacks: () => Promise<void>): Promise<void> {
    this.#told = true;
    this.begin();
    const calling = callbacks();
    try {
      await this.within(() => calling);
    } catch {
      // The grace is over: callbacks do not reject.
    }
  }

  /** Waits for `work`, once cancelled no longer than the grace: then this rejects with the cancellation. */
  within<T>(work: () => T | PromiseLike<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const abandon = (): void => {
        this.#abandoned = true;
        reject(this.#node.own?.error); // there is one: nothing else ends the grace
      };
      if (this.#over) {
        abandon();
        return;
      }
      this.#abandon = abandon;
      const over = (): void => {
        this.#abandon = undefined;
      };
      // A rejection that comes later than the grace goes nowhere: this promise is settled then.
      const waiting = new Promise<T>((settle) => settle(work()));
      waiting.then(over, over);
      waiting.then(resolve, reject);
    });
  }

  [Symbol.dispose](): void {
    this.#alarm?.[Symbol.dispose]();
  }

  #warn(): void {
    const waiting = this.#told
      ? "its onCancel callbacks have not ended; "
      : "its body has not ended. Pass op.signal to what it waits for, or wrap that in op.waitFor(…); ";
    console.warn(
      `@hother/cancelable: ${this.#label()} was cancelled ${warnAfter / 1_000} s ago and ${waiting}grace bounds the wait.`,
    );
  }
}
