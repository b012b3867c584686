import type { Clock } from "../runtime/clock.ts";
import type { Slot, Timed } from "../runtime/timed.ts";
import { Cancellation } from "./cancellation.ts";
import { TokenNode } from "./token-node.ts";

/** The node of a token that is cancelled at a time. */
export class TimeoutNode extends TokenNode implements Timed {
  readonly at: number;
  slot: Slot | undefined = undefined;
  readonly #clock: Clock;
  readonly #span: number;

  /** @param span The time from now on, in ms. Infinity means none. */
  constructor(clock: Clock, span: number) {
    super();
    this.#clock = clock;
    this.#span = span;
    this.at = clock.now() + span;
    if (span <= 0) this.due();
    else if (span !== Number.POSITIVE_INFINITY) clock.deadlines.add(this);
  }

  due(): void {
    this.cancel(new Cancellation("timeout", undefined, { timeoutMs: this.#span }));
  }

  /** Compares the clock with the time, because after blocking work no timer has fired yet. */
  override pending(): Cancellation | undefined {
    if (this.slot !== undefined && this.#clock.now() >= this.at) this.due();
    return this.reached;
  }

  override check(): void {
    this.pending();
    super.check();
  }

  override close(): void {
    this.slot?.remove();
    super.close();
  }

  protected override marked(): void {
    this.slot?.remove();
  }
}
