/** What a view is written to: `process.stdout`, `process.stderr`, or what behaves like them. */
export interface TerminalStream {
  write(text: string): unknown;
  /** Whether it is a terminal. Else plain lines are written. */
  readonly isTTY?: boolean;
  /** Left out, or 0, where it is not known: 80. */
  readonly columns?: number;
  /** Left out, or 0, where it is not known: 24. */
  readonly rows?: number;
}
