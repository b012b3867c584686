/*
 * The life of a view: opened, drawn at intervals, closed once.
 *
 *  V1  It runs below the root of the backend, not below its caller: what cancels the caller does not stop the
 *      picture of how that ends, and nobody waits for a view that was not closed.
 *  V2  What goes wrong in it is reported, and reaches no operation.
 */

import { report } from "../reporter.ts";
import type { Clock } from "../runtime/clock.ts";
import { currentNode } from "../scope/ambient.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import { rootOf } from "../scope/root.ts";
import { Board } from "./board.ts";
import type { Display } from "./display.ts";
import type { Feed, Note } from "./feed.ts";

export class View implements Disposable, AsyncDisposable {
  readonly #clock: Clock = currentNode().clock;
  readonly #scope: CancelScope = new CancelScope(undefined, this.#clock);
  readonly #board: Board = new Board();
  readonly #feed: Feed;
  readonly #interval: number;
  readonly #opening: Promise<Display>;
  #display: Display | undefined;
  #isClosed = false;
  /** Closed, and the last picture drawn. */
  #isOver = false;
  readonly #done: Promise<void>;

  constructor(feed: Feed, interval: number, display: Display | Promise<Display>) {
    this.#feed = feed;
    this.#interval = interval;
    this.#opening = Promise.resolve(display);
    if (!(display instanceof Promise)) this.#display = display;
    // V1
    this.#done = this.#scope
      .execute(() => this.#run(), false, rootOf(this.#clock))
      .then(
        () => {},
        (error: unknown) => report(error, "a progress view"),
      )
      .then(() => this[Symbol.dispose]());
  }

  readonly #note: Note = (snapshot) => {
    if (this.#isOver) return;
    const now = this.#clock.now();
    const row = this.#board.put(snapshot, now);
    if (row !== undefined) this.#display?.changed(row, now);
  };

  async #run(): Promise<void> {
    this.#display ??= await this.#scope.waitFor(this.#opening);
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
    const now = this.#clock.now();
    this.#board.expire(now);
    this.#display?.draw(this.#board, now);
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      if (this.#display !== undefined) this.#feed.conclude(this.#board, this.#note);
      this.#draw();
    } catch (error) {
      report(error, "a progress view");
    }
    try {
      this.#display?.close();
    } catch (error) {
      report(error, "a progress view");
    }
    this.#isOver = true;
    this.#feed.close();
    this.#scope.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed) {
      await this.#opening;
      // In a turn of the event loop everything that waits to be read is read.
      await this.#scope.sleep(0).then(undefined, () => {});
    }
    this[Symbol.dispose]();
    await this.#done;
  }
}
