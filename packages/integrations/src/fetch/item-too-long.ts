/** The error of a body with a line or an event that is longer than the option `maxLength` allows. */
export class ItemTooLongError extends Error {
  readonly code: "ERR_ITEM_TOO_LONG" = "ERR_ITEM_TOO_LONG";
  /** The number of characters that are allowed. */
  readonly maxLength: number;

  constructor(item: "line" | "event", maxLength: number) {
    super(
      `${item === "line" ? "a line" : "an event"} of the body is longer than ${maxLength} characters (options.maxLength)`,
    );
    this.name = "ItemTooLongError";
    this.maxLength = maxLength;
  }
}
