import type { Board, Row } from "./board.ts";

/** Shows a board. Moments are ms on the backend's clock. */
export interface Display {
  /** An operation came, or its state is another one. */
  changed(row: Row, now: number): void;
  /** Called again and again, and at last before {@link close}. */
  draw(board: Board, now: number): void;
  /** What is written stays; the terminal is as it was before. */
  close(): void;
}
