import { formatSpan } from "../../duration.ts";
import type { StreamLife, StreamNode } from "./stream-life.ts";

/**
 * @internal The longest time that a source may be silent. One alarm for many pulls: it is set anew when it
 * rings early, not for every item.
 */
export class IdleLimit {
  readonly #ms: number;
  readonly #life: StreamLife;
  /** When the pull that is under way has been silent for too long; Infinity: none is. */
  #due: number = Number.POSITIVE_INFINITY;
  #alarm: Disposable | undefined;

  constructor(ms: number, life: StreamLife) {
    this.#ms = ms;
    this.#life = life;
  }

  /** A pull is under way. */
  begin(node: StreamNode): void {
    if (this.#ms === Number.POSITIVE_INFINITY) return;
    this.#due = node.clock.now() + this.#ms;
    this.#alarm ??= node.clock.setAlarm(this.#due, () => this.#ring(node));
  }

  /** Its item is here. */
  end(): void {
    this.#due = Number.POSITIVE_INFINITY;
  }

  /** The stream ends. */
  stop(): void {
    this.end();
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
