import type { Board, Row } from "./board.ts";

/** Writes the operations of a board to a stream. Times are in ms on the backend's clock. */
export interface Display {
  /** An operation is new, or its state has changed. */
  changed(row: Row, now: number): void;
  /** Called once per interval, and once more before {@link close}. */
  draw(board: Board, now: number): void;
  /** Restores the terminal. The written text stays. */
  close(): void;
}
