/** The output of a view: `process.stdout`, `process.stderr`, or an object with the same members. */
export interface TerminalStream {
  write(text: string): unknown;
  /** Whether the stream is a terminal. If not, the view writes plain lines. */
  readonly isTTY?: boolean;
  /** The width of the terminal. If missing or 0, the view assumes 80 columns. */
  readonly columns?: number;
  /** The height of the terminal. If missing or 0, the view assumes 24 rows. */
  readonly rows?: number;
}
