/** A reader was too slow: its buffer was full, and items that came later were not kept. */
export class LagError extends Error {
  readonly code = "ERR_LAG";
  /** The number of items that the reader has missed so far. */
  readonly missed: number;

  /** @param subject The thing with the buffer, for the message. */
  constructor(missed: number, subject: string) {
    super(
      `${subject} was read too slowly: it was full, and has missed ${missed} ${missed === 1 ? "item" : "items"}`,
    );
    this.name = "LagError";
    this.missed = missed;
  }
}
