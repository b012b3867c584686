import { invalidType, outOfRange, requireOneOf } from "../arguments.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";

/** The delays between the attempts of `retry`: exponential, with a cap, and with jitter after the cap. */
export interface Backoff {
  /** The longest delay before the second attempt, in ms or as a `Duration`. Default: 100 ms. */
  readonly initial?: Span | undefined;
  /** The factor by which the delay grows from attempt to attempt, at least 1. Default: 2. */
  readonly factor?: number | undefined;
  /** The cap of every delay, in ms or as a `Duration`; `null` for none. Default: 30 s. */
  readonly max?: Span | undefined;
  /**
   * The part of a delay that is random, so that many clients do not return at the same moment. `"full"`: all of it.
   * `"equal"`: the second half. `"none"`: nothing. Default: `"full"`.
   */
  readonly jitter?: "full" | "equal" | "none" | undefined;
}

/**
 * Decides the delay after a failure, in ms or as a `Duration`. `null` and `Infinity` end the retry with `error`.
 *
 * @param error The failure.
 * @param attempt The number of the attempt that failed, from 1.
 * @param usual The delay in ms that the defaults of {@link Backoff} give, for answers such as Retry-After: `Math.max(usual, hint)`.
 */
export type BackoffFunction = (error: unknown, attempt: number, usual: number) => Span;

const known: KnownOptions<Backoff> = { initial: 1, factor: 1, max: 1, jitter: 1 };
const argument = "options.backoff";

/** The delays of one retry. */
export class Delays {
  readonly #decide: BackoffFunction | undefined;
  readonly #factor: number;
  readonly #max: number;
  readonly #jitter: Backoff["jitter"];
  /** The next delay before jitter. It grows by multiplication and stays finite, because a power would overflow. */
  #next: number;

  constructor(backoff: Backoff | BackoffFunction | undefined) {
    if (typeof backoff === "function") this.#decide = backoff;
    else if (backoff !== undefined && (typeof backoff !== "object" || backoff === null))
      throw invalidType(argument, "an object or a function", backoff);
    else requireKnownOptions(backoff, known, "a backoff", argument);
    const options: Backoff = typeof backoff === "function" ? {} : (backoff ?? {});
    const { initial = 100, factor = 2, max = 30_000, jitter = "full" } = options;
    this.#max = Math.min(toMilliseconds(max, `${argument}.max`), Number.MAX_VALUE);
    this.#factor = requireFactor(factor);
    this.#next = Math.max(toMilliseconds(initial, `${argument}.initial`), 0);
    if (this.#next === Number.POSITIVE_INFINITY)
      throw outOfRange(`${argument}.initial`, "a finite time span", initial);
    requireOneOf(jitter, `${argument}.jitter`, ["full", "equal", "none"]);
    this.#jitter = jitter;
  }

  /** The delay after a failure, in ms. It can be Infinity. */
  after(error: unknown, attempt: number, random: () => number): number {
    const capped = Math.max(Math.min(this.#next, this.#max), 0);
    this.#next = Math.min(this.#next * this.#factor, this.#max);
    const jitter = this.#jitter;
    const usual =
      jitter === "none"
        ? capped
        : jitter === "full"
          ? random() * capped
          : capped / 2 + random() * (capped / 2);
    if (this.#decide === undefined) return usual;
    return toMilliseconds(this.#decide(error, attempt, usual), `the result of ${argument}`);
  }
}

function requireFactor(factor: unknown): number {
  if (typeof factor !== "number") throw invalidType(`${argument}.factor`, "a number", factor);
  if (!(factor >= 1) || factor === Number.POSITIVE_INFINITY)
    throw outOfRange(`${argument}.factor`, "a finite number of at least 1", factor);
  return factor;
}
