import { invalidType, outOfRange, requireFunction, requireOneOf, requireWhole } from "../arguments.ts";
import { type Span, toInterval } from "../duration.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import type { Clock } from "../runtime/clock.ts";
import { currentNode } from "../scope/ambient.ts";
import { resolveFairly } from "../scope/fair-turn.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { UsageError } from "../usage-error.ts";
import { type Allowance, SlidingWindow, TokenBucket } from "./allowance.ts";
import { Arm, type Selectable, wouldWait } from "./arm.ts";
import { LineOwner } from "./line-owner.ts";
import { type WaitOptions, waitNode } from "./wait-options.ts";
import { type LineEntry, WaitQueue } from "./wait-queue.ts";

/** The options of a {@link RateLimiter}. They hold for its life. */
export interface RateLimiterOptions {
  /** The number of starts in each `per`: a whole number of at least 1. */
  readonly limit: number;
  /** The time for `limit` starts: milliseconds or a `Duration`, positive and finite. */
  readonly per: Span;
  /**
   * `"bucket"`: a bucket of `burst` tokens that fills evenly, with `limit` tokens in each `per`. A start takes a token.
   * `"window"`: never more than `limit` starts in any span of `per`, wherever the span begins. Default: `"bucket"`.
   */
  readonly kind?: "bucket" | "window" | undefined;
  /** The most starts at one time after a pause: a whole number of at least 1. Only for a bucket. Default: `limit`. */
  readonly burst?: number | undefined;
}

/** The options of a wait for a start. */
export interface RateOptions extends WaitOptions {
  /** The number of starts that this one counts as: a whole number from 1 to the burst, or to the limit of a window. Default: 1. */
  readonly weight?: number | undefined;
}

const rateOptions: KnownOptions<RateOptions> = { weight: 1, scope: 1 };

/**
 * Limits how often something starts. It does not limit how much runs at the same time; a `Semaphore` does. Waits are
 * served in order of arrival, and a heavy one is not overtaken. A cancelled wait uses nothing.
 *
 * @example
 * ```ts
 * import { RateLimiter } from "@hother/cancelable/sync";
 *
 * const requests = new RateLimiter({ limit: 10, per: { seconds: 1 } });
 * const answer = await requests.run(async () => "sent");
 * console.assert(answer === "sent");
 * ```
 */
export class RateLimiter extends LineOwner implements Selectable<void> {
  readonly #allowance: Allowance;
  readonly #line = new WaitQueue<void, number>(this);
  /** The clock of the times in the allowance: that of the latest caller, or of the timer while there are waits. */
  #clock: Clock | undefined;
  /** The timer for the first wait. Others have none. */
  #alarm: { readonly head: LineEntry<void, number>; readonly timer: Disposable } | undefined;

  constructor(options: RateLimiterOptions) {
    super();
    requireKnownOptions(options, { limit: 1, per: 1, kind: 1, burst: 1 }, "RateLimiter");
    if (options === undefined) throw invalidType("options", "an object", options);
    const { limit, per, kind = "bucket", burst } = options;
    requireWhole(limit, "options.limit", 1);
    const ms = toInterval(per, "options.per");
    requireOneOf(kind, "options.kind", ["bucket", "window"]);
    if (burst !== undefined) requireWhole(burst, "options.burst", 1);
    if (kind === "bucket") this.#allowance = new TokenBucket(limit, ms, burst ?? limit);
    else if (burst === undefined) this.#allowance = new SlidingWindow(limit, ms);
    else throw invalidType("options.burst", 'undefined for the kind "window"', burst);
  }

  override get waiting(): number {
    return this.#line.size;
  }

  /** Waits for a start. A checkpoint. */
  acquire(options?: RateOptions): Promise<void> {
    const node = options === undefined ? currentNode() : waitNode(options, "acquire", rateOptions);
    if (node instanceof Promise) return node;
    const { weight = 1 } = options ?? {};
    try {
      this.#requireWeight(weight);
    } catch (error) {
      return Promise.reject(error);
    }
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    if (this.#start(weight, node.clock)) return resolveFairly(node, undefined);
    const { promise } = this.#line.join(node, weight);
    this.serve();
    return promise;
  }

  /** Starts at once; throws a `UsageError` `ERR_WOULD_BLOCK` when it would have to wait. */
  acquireNowait(options?: Pick<RateOptions, "weight">): void {
    requireKnownOptions(options, { weight: 1 }, "acquireNowait");
    const { weight = 1 } = options ?? {};
    this.#requireWeight(weight);
    if (!this.#start(weight, currentNode().clock)) throw new UsageError("ERR_WOULD_BLOCK", "RateLimiter");
  }

  /** Waits for a start, and runs `body`. */
  async run<T>(body: () => T | PromiseLike<T>, options?: RateOptions): Promise<T> {
    requireFunction(body, "body");
    await this.acquire(options);
    return body();
  }

  override rejectWaiters(error: unknown): void {
    this.#line.rejectAll(() => error);
    this.serve();
  }

  /** Waits until no call waits for a start. A checkpoint. */
  override whenIdle(options?: WaitOptions): Promise<void> {
    return super.whenIdle(options);
  }

  protected override get isIdle(): boolean {
    return this.#line.size === 0;
  }

  /** @internal */
  override get isUnused(): boolean {
    return this.isIdle && (this.#clock === undefined || this.#allowance.isFull(this.#clock.now()));
  }

  /** For `select`, which waits for a start of weight 1. Not for user code. */
  get arm(): Arm<void> {
    return new Arm(
      ({ clock }) => (this.#start(1, clock) ? undefined : wouldWait),
      (receiver) => {
        const place = this.#line.stand(receiver, 1);
        this.serve();
        return place;
      },
    );
  }

  /** @internal Serves the waits that can start, and sets the timer for the first of the others. */
  override serve(): void {
    const { first } = this.#line;
    if (this.#alarm !== undefined && this.#alarm.head === first) return;
    this.#dropAlarm();
    const clock = this.#clock as Clock; // set by the first call, before any call waits
    for (let head = first; head !== undefined; head = this.#line.first) {
      const now = clock.now();
      const at = this.#allowance.notBefore(head.payload, now);
      if (at > now) {
        const due = (): void => {
          this.#alarm = undefined;
          this.serve();
        };
        this.#dropAlarm(); // `resolve` below can have set one: a `select` that leaves another place has the line served again
        this.#alarm = { head, timer: clock.setAlarm(at, due) };
        return;
      }
      this.#allowance.start(head.payload, now);
      this.#line.shift();
      head.resolve();
    }
    this.tellIdle();
  }

  #dropAlarm(): void {
    this.#alarm?.timer[Symbol.dispose]();
    this.#alarm = undefined;
  }

  /** Counts a start if it is possible now. Returns false if the start has to wait. */
  #start(weight: number, clock: Clock): boolean {
    if (this.#line.size > 0) return false;
    if (this.#clock !== clock) {
      if (this.#clock !== undefined) this.#allowance.move(clock.now() - this.#clock.now());
      this.#clock = clock;
    }
    const now = clock.now();
    if (this.#allowance.notBefore(weight, now) > now) return false;
    this.#allowance.start(weight, now);
    return true;
  }

  #requireWeight(weight: number): void {
    requireWhole(weight, "options.weight", 1);
    const { most } = this.#allowance;
    if (weight > most)
      throw outOfRange("options.weight", `at most ${most}, which can start at one time`, weight);
  }
}
