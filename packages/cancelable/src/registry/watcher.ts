import { currentNode } from "../scope/ambient.ts";
import type { Host } from "../scope/scope-node.ts";
import { waitIn } from "../scope/waiting.ts";
import { UsageError } from "../usage.ts";
import type { OperationEvent } from "./store.ts";

/**
 * One reader of events. A slow one loses no beginning and no end, and of an operation's progress has the newest
 * only; a fast one gets an operation's progress at most once in `throttle` ms.
 */
export class Watcher implements AsyncIterableIterator<OperationEvent> {
  readonly #host: Host = currentNode().host;
  readonly #throttle: number;
  readonly #closed: (watcher: Watcher) => void;
  readonly #events: OperationEvent[] = [];
  /** Where the progress of an operation stands in the line, to be overtaken by the next. */
  readonly #unread = new Map<string, number>();
  /** Events that were taken out of the front of the line; places count from the very first. */
  #taken = 0;
  /** When an operation's progress may be told again, and what waits for that. */
  readonly #quiet = new Map<string, { readonly until: number; alarm?: Disposable; event?: OperationEvent }>();
  #wake: (() => void) | undefined;
  #over = false;

  constructor(throttle: number, closed: (watcher: Watcher) => void) {
    this.#throttle = throttle;
    this.#closed = closed;
  }

  push(event: OperationEvent): void {
    const { id } = event.operation;
    if (event.type === "progress") {
      this.#pushProgress(id, event);
      return;
    }
    if (event.type === "ended") this.#forget(id);
    this.#append(event);
  }

  #pushProgress(id: string, event: OperationEvent): void {
    const place = this.#unread.get(id);
    if (place !== undefined) {
      this.#events[place - this.#taken] = event;
      return;
    }
    const now = this.#host.now();
    const quiet = this.#quiet.get(id);
    if (quiet === undefined || now >= quiet.until) {
      quiet?.alarm?.[Symbol.dispose]();
      this.#quiet.set(id, { until: now + this.#throttle });
      this.#unread.set(id, this.#taken + this.#events.length);
      this.#append(event);
      return;
    }
    quiet.event = event;
    quiet.alarm ??= this.#host.setAlarm(quiet.until, () => {
      const latest = quiet.event;
      this.#quiet.delete(id);
      if (latest !== undefined) this.#pushProgress(id, latest);
    });
  }

  #forget(id: string): void {
    this.#quiet.get(id)?.alarm?.[Symbol.dispose]();
    this.#quiet.delete(id);
  }

  #append(event: OperationEvent): void {
    this.#events.push(event);
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<OperationEvent, undefined>> {
    if (this.#wake !== undefined) throw new UsageError("ERR_BUSY", "The watcher");
    while (this.#events.length === 0 && !this.#over) {
      const news = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      try {
        await waitIn(currentNode(), news);
      } finally {
        this.#wake = undefined;
      }
    }
    const event = this.#events.shift();
    if (event === undefined) return { done: true, value: undefined };
    if (this.#unread.get(event.operation.id) === this.#taken) this.#unread.delete(event.operation.id);
    this.#taken++;
    return { done: false, value: event };
  }

  /** Stops watching. */
  return(): Promise<IteratorResult<OperationEvent, undefined>> {
    this.#over = true;
    for (const id of [...this.#quiet.keys()]) this.#forget(id);
    this.#events.length = 0;
    this.#closed(this);
    this.#wake?.();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
