/** The shape of `Temporal.Duration`: every unit is a getter on the prototype, and 0 if it is not set. */
export class TemporalLike {
  readonly #parts: Readonly<Record<string, number>>;
  constructor(parts: Readonly<Record<string, number>>) {
    this.#parts = parts;
  }
  get years(): number {
    return this.#parts.years ?? 0;
  }
  get months(): number {
    return this.#parts.months ?? 0;
  }
  get weeks(): number {
    return this.#parts.weeks ?? 0;
  }
  get days(): number {
    return this.#parts.days ?? 0;
  }
  get hours(): number {
    return this.#parts.hours ?? 0;
  }
  get minutes(): number {
    return this.#parts.minutes ?? 0;
  }
  get seconds(): number {
    return this.#parts.seconds ?? 0;
  }
  get milliseconds(): number {
    return this.#parts.milliseconds ?? 0;
  }
}
