/*
 * The life of a view: opened, drawn at intervals, closed once.
 *
 *  V1  The view runs outside of the scope of its caller. A cancellation of the caller does not stop the view, so
 *      the view shows how the cancelled operations end. No scope waits for a view that was not closed.
 *  V2  An error in the view goes to the reporter and affects no operation.
 */

import { type AsyncBackend, Cancellable, CancelScope, detectBackend, report } from "@hother/cancelable";
import type { Board } from "./board.ts";
import type { Display } from "./display.ts";
import type { Feed, Note } from "./feed.ts";

export class View implements Disposable, AsyncDisposable {
  readonly #backend: AsyncBackend = detectBackend();
  readonly #scope: CancelScope = detachedScope();
  readonly #board: Board;
  readonly #feed: Feed;
  readonly #interval: number;
  readonly #display: Display;
  #isClosed = false;
  /** Closed, and the last picture is drawn. */
  #isOver = false;
  readonly #done: Promise<void>;

  constructor(feed: Feed, interval: number, display: Display, board: Board) {
    this.#board = board;
    this.#feed = feed;
    this.#interval = interval;
    this.#display = display;
    this.#done = this.#scope
      .run(() => this.#run())
      .then(
        () => {},
        (error: unknown) => report(error, "a progress view"),
      )
      .then(() => this[Symbol.dispose]());
  }

  readonly #note: Note = (snapshot) => {
    if (this.#isOver) return;
    const now = this.#backend.now();
    const row = this.#board.put(snapshot, now);
    if (row !== undefined) this.#display.changed(row, now);
  };

  async #run(): Promise<void> {
    await Promise.all([this.#feed.follow(this.#note), this.#drawOften()]);
  }

  async #drawOften(): Promise<void> {
    while (!this.#isClosed) {
      this.#feed.look(this.#board, this.#note);
      this.#draw();
      if (this.#feed.isOver) return;
      await this.#scope.sleep(this.#interval);
    }
  }

  #draw(): void {
    const now = this.#backend.now();
    this.#board.expire(now);
    this.#display.draw(this.#board, now);
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#feed.conclude(this.#board, this.#note);
      this.#draw();
    } catch (error) {
      report(error, "a progress view");
    }
    try {
      this.#display.close();
    } catch (error) {
      report(error, "a progress view");
    }
    this.#isOver = true;
    this.#feed.close();
    this.#scope.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // In one turn of the event loop, the feed passes on every event that is waiting.
    if (!this.#isClosed) await this.#scope.sleep(0).then(undefined, () => {});
    this[Symbol.dispose]();
    await this.#done;
  }
}

/** V1. The parent is an operation that is never started: it is below no scope, and no observer sees it. */
function detachedScope(): CancelScope {
  return new CancelScope({ parent: new Cancellable({ parent: null }) });
}
