import type { Clock } from "../../runtime/clock.ts";
import type { ScopeNode } from "../../scope/scope-node.ts";

/** @internal The source of errors of the closing, for the reporter. */
export const closingSource = "closing the source of a stream";

/** How long the wait for a closing goes on without a sign of progress, in ms. */
const closeTimeout = 100;

/**
 * @internal Limits the wait for an input that closes. Every 100 ms it looks whether the code of the input waits for
 * something of this library, in the scope of the stream or in the shield of the closing. If not, the wait is given up:
 * the code waits for something that cancellation does not reach, perhaps for ever.
 */
export class CloseLimit implements Disposable {
  readonly #node: ScopeNode;
  readonly #shield: ScopeNode;
  readonly #giveUp: () => void;
  #alarm: Disposable | undefined;
  #isClosed = false;

  constructor(node: ScopeNode, shield: ScopeNode, giveUp: () => void) {
    this.#node = node;
    this.#shield = shield;
    this.#giveUp = giveUp;
  }

  start(): void {
    if (this.#isClosed || this.#alarm !== undefined) return;
    const { clock } = this.#node;
    this.#alarm = clock.setAlarm(clock.now() + closeTimeout, () => {
      this.#alarm = undefined;
      if (this.#isBusy) this.start();
      else this.#giveUp();
    });
  }

  get #isBusy(): boolean {
    const [node, shield] = [this.#node, this.#shield];
    const scopes = node.live - (shield.phase === "open" ? 1 : 0) + shield.live;
    return node.waiters !== undefined || shield.waiters !== undefined || scopes > 0;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#alarm?.[Symbol.dispose]();
    this.#alarm = undefined;
  }
}

/** @internal Waits for a closing, at most 100 ms. `failed` gets the error of the closing, also later. */
export function waitAtMost(
  clock: Clock,
  closing: Promise<void>,
  failed: (error: unknown) => void,
): Promise<void> {
  return new Promise((resolve) => {
    const alarm = clock.setAlarm(clock.now() + closeTimeout, resolve);
    void closing.then(undefined, failed).then(() => {
      alarm[Symbol.dispose]();
      resolve();
    });
  });
}
