import { formatSpan } from "../../duration.ts";
import type { StreamLife } from "./stream-life.ts";
import type { StreamNode } from "./stream-node.ts";

/**
 * @internal The longest time that a pull may take. One alarm serves many pulls: an alarm that rings early is set
 * again, so that an item does not cost an alarm.
 */
export class IdleLimit {
  readonly #ms: number;
  readonly #life: StreamLife;
  /** The time limit of the pull in progress. Infinity between two pulls. */
  #due: number = Number.POSITIVE_INFINITY;
  #alarm: Disposable | undefined;

  constructor(ms: number, life: StreamLife) {
    this.#ms = ms;
    this.#life = life;
  }

  /** A pull has started. */
  start(node: StreamNode): void {
    if (this.#ms === Number.POSITIVE_INFINITY) return;
    this.#due = node.clock.now() + this.#ms;
    this.#alarm ??= node.clock.setAlarm(this.#due, () => this.#ring(node));
  }

  /** The pull has ended. */
  stop(): void {
    this.#due = Number.POSITIVE_INFINITY;
  }

  /** The stream has ended. */
  close(): void {
    this.stop();
    this.#alarm?.[Symbol.dispose]();
    this.#alarm = undefined;
  }

  #ring(node: StreamNode): void {
    this.#alarm = undefined;
    if (this.#due === Number.POSITIVE_INFINITY) return;
    if (node.clock.now() < this.#due) this.#alarm = node.clock.setAlarm(this.#due, () => this.#ring(node));
    else this.#life.expire(`No item came for ${formatSpan(this.#ms)}`, this.#ms);
  }
}
